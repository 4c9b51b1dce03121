"""Loss, terms and gradients of the design's formulas by PyTorch's automatic differentiation in float64, held against those that
`aebench objective` gave. Reads a manifest [{variant, config, in, out, loss, terms}] and prints one JSON object a case:
{"loss": relative error, "terms": {name: ...}, "gradients": {name: ...}}; a gradient's error is relative to its largest entry.
"""
import json
import struct
import sys

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def read(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        values = file.read()
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        assert entry["dtype"] == "F32", entry["dtype"]
        begin, end = entry["data_offsets"]
        tensors[name] = torch.frombuffer(bytearray(values[begin:end]), dtype=torch.float32).reshape(entry["shape"]).double()
    return tensors


ACTIVATIONS = {
    "linear": lambda x: x, "sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu, "elu": F.elu, "softplus": F.softplus,
}


class Autoencoder:
    def __init__(self, network, weights, noise):
        self.network, self.weights, self.depth = network, weights, len(network["layers"])
        self.kernels = {}
        for name, weight in weights.items():
            if name.endswith("/kernel"):
                kernel = weight / weight.norm(dim=0) if network["weightNorm"] else weight
                self.kernels[name] = kernel + noise.get(f"weightNoise/{name}", 0)

    def encode(self, x):
        for i in range(self.depth):
            last = i == self.depth - 1
            x = x @ self.kernels[f"encoder/{i}/kernel"] + self.weights[f"encoder/{i}/bias"]
            x = ACTIVATIONS[self.network["codeActivation" if last else "activation"]](x)
        return x

    def decode(self, h):
        """To the logits: what the last layer gives before its activation."""
        for i in range(self.depth):
            kernel = self.kernels[f"encoder/{self.depth - 1 - i}/kernel"].T if self.network["tied"] else self.kernels[f"decoder/{i}/kernel"]
            h = h @ kernel + self.weights[f"decoder/{i}/bias"]
            if i < self.depth - 1:
                h = ACTIVATIONS[self.network["activation"]](h)
        return h


    def dense(self, name, h):
        return h @ self.kernels[f"{name}/kernel"] + self.weights[f"{name}/bias"]

    def hidden(self, side, h):
        """What the heads of a variational encoder or decoder read."""
        for i in range(self.depth - 1):
            h = ACTIVATIONS[self.network["activation"]](self.dense(f"{side}/{i}", h))
        return h

    def log_likelihood(self, decoder, x, z):
        """log p(x|z), summed over pixels."""
        h = self.hidden("decoder", z)
        if decoder == "bernoulli":
            return torch.distributions.Bernoulli(logits=self.dense("decoder/logits", h), validate_args=False).log_prob(x).sum(-1)
        mean = ACTIVATIONS[self.network["outputActivation"]](self.dense("decoder/mean", h))
        deviation = (self.dense("decoder/logVariance", h).clamp(-7, 7) / 2).exp() if decoder == "gaussian" else torch.ones(())
        return torch.distributions.Normal(mean, deviation).log_prob(x).sum(-1)


def kl(rho, mean):
    return (rho * (rho / mean).log() + (1 - rho) * ((1 - rho) / (1 - mean)).log()).sum()


def objective(variant, config, weights, given):
    """The terms, and what their sum's gradient is taken of (terms whose stated gradient is not that of their value differ)."""
    settings, network = config["regularizer"], config["network"]
    x = given["x"]
    model = Autoencoder(network, weights, given)

    def reconstruction(code, emphasis=1.0):
        logits = model.decode(code)
        if config["reconstruction"] == "squaredError":
            errors = (ACTIVATIONS[network["outputActivation"]](logits) - x) ** 2
        else:
            errors = F.binary_cross_entropy_with_logits(logits, x, reduction="none")
        return (errors * emphasis).sum(1).mean()

    terms, stated = {}, {}
    if variant == "classical" or variant == "sparseBias":
        terms["reconstruction"] = reconstruction(model.encode(x))
    elif variant == "denoising":
        corrupted = given.get("xCorrupted", x)
        emphasis = torch.where(corrupted != x, settings["corruptedWeight"], settings["cleanWeight"])
        terms["reconstruction"] = reconstruction(model.encode(corrupted), emphasis if settings["noise"] != "weights" else 1.0)
    elif variant == "contractive":
        jacobians = torch.func.vmap(torch.func.jacrev(lambda one: model.encode(one.unsqueeze(0)).squeeze(0)))(x)
        terms["reconstruction"] = reconstruction(model.encode(x))
        terms["contraction"] = settings["lambda"] * (jacobians ** 2).sum((1, 2)).mean()
    elif variant == "sparseKl":
        code = model.encode(x)
        mean, rho, beta = code.mean(0), settings["rho"], settings["beta"]
        terms["reconstruction"] = reconstruction(code)
        if settings["estimate"] == "batch":
            terms["sparsity"] = beta * kl(rho, mean.clamp(1e-6, 1 - 1e-6))
        else:
            estimate = given.get("rhoHat", torch.full_like(mean, rho)).clamp(1e-6, 1 - 1e-6).detach()
            terms["sparsity"] = beta * kl(rho, estimate)
            stated["sparsity"] = beta * ((-rho / estimate + (1 - rho) / (1 - estimate)) * mean).sum()
    elif variant == "sparseL1":
        code = model.encode(x)
        terms["reconstruction"] = reconstruction(code)
        terms["sparsity"] = settings["lambda"] * code.abs().sum(1).mean()
    elif variant == "kSparse":
        code = model.encode(x)
        least = code.topk(settings["k"], dim=1).values[:, -1:]
        terms["reconstruction"] = reconstruction(code * (code >= least))
    elif variant == "dropout":
        terms["reconstruction"] = reconstruction(model.encode(x) * given["dropoutMask"] / (1 - settings["rate"]))
    elif variant in ("variational", "betaVae", "iwae"):
        h = model.hidden("encoder", x)
        posterior = torch.distributions.Normal(model.dense("encoder/mean", h), (model.dense("encoder/logVariance", h) / 2).exp())
        prior = torch.distributions.Normal(0.0, 1.0)
        z = posterior.mean + posterior.stddev * given["epsilon"]
        likelihood = model.log_likelihood(settings["decoder"], x, z)
        if variant == "iwae":
            ratios = likelihood + prior.log_prob(z).sum(-1) - posterior.log_prob(z).sum(-1)
            terms["reconstruction"] = -(torch.logsumexp(ratios, 0) - torch.tensor(float(len(z))).log()).mean()
        else:
            terms["reconstruction"] = -likelihood.mean()
            terms["kl"] = settings["klWeight"] * torch.distributions.kl_divergence(posterior, prior).sum(-1).mean()
    else:
        return None
    if config["training"]["weightDecay"] > 0:
        terms["weightDecay"] = config["training"]["weightDecay"] * sum(
            (w ** 2).sum() for name, w in weights.items() if name.endswith("/kernel"))
    return terms, sum((stated.get(name, term) for name, term in terms.items()), torch.zeros(()))


def compare(case):
    given, found = read(case["in"]), read(case["out"])
    weights = {name: tensor.requires_grad_() for name, tensor in given.items() if name.split("/")[0] in ("encoder", "decoder")}
    result = objective(case["variant"], case["config"], weights, given)
    if result is None:
        return {"missing": True}
    terms, differentiated = result
    gradients = torch.autograd.grad(differentiated, list(weights.values()))

    def relative(a, b):
        # Terms that are 0 are compared as they are.
        return abs(a - b) / max(abs(b), 1e-6)

    return {
        "loss": relative(case["loss"], sum(terms.values()).item()),
        "terms": {name: relative(case["terms"].get(name, float("inf")), term.item()) for name, term in terms.items()},
        "surplus": sorted(set(case["terms"]) - set(terms)),
        "gradients": {
            name: ((found[name] - gradient).abs().max() / gradient.abs().max().clamp_min(1e-9)).item()
            for name, gradient in zip(weights, gradients)
        },
    }


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        for one in json.load(file):
            print(json.dumps(compare(one)), flush=True)
