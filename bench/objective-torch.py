"""Loss, terms and gradients of the design's formulas by PyTorch's automatic differentiation in float64, held against those that
`aebench objective` gave. Reads a manifest [{variant, config, shape, in, out, loss, terms}] and prints one JSON object a case:
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


def same(size, kernel, stride):
    """Padding before and after as TensorFlow's SAME counts it, and the size that comes out."""
    out = -(-size // stride)
    total = max((out - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2, out


def convolve(x, kernel, stride, shape):
    """x [B, H W C] of images with this shape (H, W, C), kernel [kh, kw, in, out]."""
    (height, width, channels), (kh, kw, _, _) = shape, kernel.shape
    (top, bottom, _), (left, right, _) = same(height, kh, stride), same(width, kw, stride)
    images = F.pad(x.reshape(-1, height, width, channels).permute(0, 3, 1, 2), (left, right, top, bottom))
    return F.conv2d(images, kernel.permute(3, 2, 0, 1), stride=stride).permute(0, 2, 3, 1).flatten(1)


def convolve_back(y, kernel, stride, shape):
    """The adjoint of `convolve`: y [B, h w F] -> [B, H W C]."""
    (height, width, _), (kh, kw, _, filters) = shape, kernel.shape
    (top, _, h), (left, _, w) = same(height, kh, stride), same(width, kw, stride)
    maps = F.conv_transpose2d(y.reshape(-1, h, w, filters).permute(0, 3, 1, 2), kernel.permute(3, 2, 0, 1), stride=stride)
    bottom, right = max(top + height - maps.shape[2], 0), max(left + width - maps.shape[3], 0)
    maps = F.pad(maps, (0, right, 0, bottom))[:, :, top:top + height, left:left + width]
    return maps.permute(0, 2, 3, 1).flatten(1)


class Autoencoder:
    def __init__(self, network, weights, noise, shape):
        self.network, self.weights = network, weights
        self.kernels = {}
        for name, weight in weights.items():
            if name.endswith("/kernel"):
                kernel = weight / weight.flatten(0, -2).norm(dim=0) if network["weightNorm"] else weight
                self.kernels[name] = kernel + noise.get(f"weightNoise/{name}", 0)
        # Encoder layers from the image on: name and, of convolutions, stride and the shape of what they read.
        self.layers = []
        for i, each in enumerate(network["convolutions"]):
            self.layers.append((f"conv{i}", each["stride"], shape))
            height, width = (same(size, each["kernel"], each["stride"])[2] for size in shape[:2])
            shape = (height, width, each["filters"])
        self.layers += [(str(i), None, None) for i in range(len(network["layers"]))]
        self.depth = len(self.layers)

    def encoder_layer(self, i, h):
        name, stride, shape = self.layers[i]
        return self.forwards(f"encoder/{name}", stride, shape, h)

    def forwards(self, name, stride, shape, h):
        kernel, bias = self.kernels[f"{name}/kernel"], self.weights[f"{name}/bias"]
        if stride is None:
            return h @ kernel + bias
        maps = convolve(h, kernel, stride, shape)
        return (maps.reshape(len(h), -1, len(bias)) + bias).flatten(1)

    def encode(self, x):
        for i in range(self.depth):
            x = self.encoder_layer(i, x)
            x = ACTIVATIONS[self.network["codeActivation" if i == self.depth - 1 else "activation"]](x)
        return x

    def decoder_layer(self, i, h, head=None):
        """The i-th layer from the code on, which mirrors the encoder's layer of the same distance from it."""
        name, stride, shape = self.layers[self.depth - 1 - i]
        convolutions = len(self.network["convolutions"])
        mirrored = f"conv{convolutions - 1 - int(name[4:])}" if stride else str(len(self.network["layers"]) - 1 - int(name))
        own = f"decoder/{head or mirrored}"
        bias = self.weights[f"{own}/bias"]
        kernel = self.kernels[f"encoder/{name}/kernel" if self.network["tied"] else f"{own}/kernel"]
        if stride is None:
            return h @ (kernel.T if self.network["tied"] else kernel) + bias
        return (convolve_back(h, kernel, stride, shape).reshape(len(h), -1, len(bias)) + bias).flatten(1)

    def decode(self, h):
        """To the logits: what the last layer gives before its activation."""
        for i in range(self.depth - 1):
            h = ACTIVATIONS[self.network["activation"]](self.decoder_layer(i, h))
        return self.decoder_layer(self.depth - 1, h)

    def hidden_code(self, x):
        """What the heads of a variational encoder read."""
        for i in range(self.depth - 1):
            x = ACTIVATIONS[self.network["activation"]](self.encoder_layer(i, x))
        return x

    def dense(self, name, h):
        return h @ self.kernels[f"{name}/kernel"] + self.weights[f"{name}/bias"]

    def log_likelihood(self, decoder, x, z):
        """log p(x|z), summed over pixels."""
        draws, h = z.shape[:-1], z.flatten(0, -2)
        for i in range(self.depth - 1):
            h = ACTIVATIONS[self.network["activation"]](self.decoder_layer(i, h))
        head = lambda name: self.decoder_layer(self.depth - 1, h, name).reshape(*draws, -1)
        if decoder == "bernoulli":
            return torch.distributions.Bernoulli(logits=head("logits"), validate_args=False).log_prob(x).sum(-1)
        mean = ACTIVATIONS[self.network["outputActivation"]](head("mean"))
        if decoder == "gaussian":
            deviation = (head("logVariance").clamp(-7, 7) / 2).exp()
        elif decoder == "sharedGaussian":
            deviation = (x - mean).square().mean().sqrt()
        else:
            deviation = torch.ones(())
        return torch.distributions.Normal(mean, deviation).log_prob(x).sum(-1)


def kl(rho, mean):
    return (rho * (rho / mean).log() + (1 - rho) * ((1 - rho) / (1 - mean)).log()).sum()


def objective(variant, config, weights, given, shape):
    """The terms, and what their sum's gradient is taken of (terms whose stated gradient is not that of their value differ)."""
    settings, network = config["regularizer"], config["network"]
    x = given["x"]
    model = Autoencoder(network, weights, given, shape)

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
        if settings["jacobian"] == "projections":
            signs = (given["projections"] >= 0.5) * 2.0 - 1.0
            terms["contraction"] = settings["lambda"] * (torch.einsum("bpz,bzd->bpd", signs, jacobians) ** 2).sum(2).mean()
        else:
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
        h = model.hidden_code(x)
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
    result = objective(case["variant"], case["config"], weights, given, case["shape"])
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
