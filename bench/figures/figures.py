#!/usr/bin/env python3
"""Figures of evaluations and comparisons on small fixed data, by NumPy, SciPy and scikit-learn, each as they do it: what
test/numeric/figuresElsewhere.test.ts holds the workbench's own to. Nothing here knows the workbench.

    python bench/figures/figures.py > test/fixtures/figures.json

Made with NumPy 2.4.6, SciPy 1.17.1, scikit-learn 1.9.1.
"""
import json
import numpy as np
from scipy import stats
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

random = np.random.default_rng(16)
TRAIN, TEST, D, Z, CLASSES = 150, 90, 8, 3, 4

# Bytes of three groups that overlap, so that neither the probe nor the neighbours are right about all.
labels = random.integers(0, CLASSES, TRAIN + TEST)
centres = random.uniform(70, 180, (CLASSES, D))
pixels = np.clip(np.round(centres[labels] + random.normal(0, 38, (TRAIN + TEST, D))), 0, 255).astype(np.uint8)
kernel = random.normal(0, 0.8, (D, Z)).astype(np.float32)
bias = random.normal(0, 0.3, Z).astype(np.float32)
x = pixels / 255
codes = x @ kernel.astype(float) + bias
train, test = slice(0, TRAIN), slice(TRAIN, TRAIN + TEST)


def probe():
    scaler = StandardScaler().fit(codes[train])
    model = LogisticRegression(C=1, tol=1e-9, max_iter=10_000).fit(scaler.transform(codes[train]), labels[train])
    return model.score(scaler.transform(codes[test]), labels[test])


def near(values, count, metric):
    """The training rows that are nearest to each test row, nearest first."""
    return NearestNeighbors(n_neighbors=count, algorithm="brute", metric=metric).fit(values[train]).kneighbors(values[test])[1]


def by_neighbours():
    """Most of five, a tie to the class of the nearest among the tied."""
    found = [labels[train][row].tolist() for row in near(codes, 5, "euclidean")]
    return np.mean([max(row, key=lambda one: (row.count(one), -row.index(one))) for row in found] == labels[test])


def agreement(values, count, metric):
    return np.mean(labels[train][near(values, count, metric)] == labels[test][:, None])


def bounds(mean, log_variance, weights, offset):
    """ELBO, KL and log evidence of x = z W + b + noise of variance 1 under q(z|x) = N(mean, diag exp(log variance)): closed forms."""
    given = x[test]
    errors = ((given - mean @ weights - offset) ** 2).sum(1) + (np.exp(log_variance) * (weights**2).sum(1)).sum()
    likelihood = -0.5 * (errors + D * np.log(2 * np.pi))
    kl = 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance).sum(1)
    evidence = stats.multivariate_normal(offset, weights.T @ weights + np.eye(D)).logpdf(given)
    return {"elbo": (likelihood - kl).mean(), "kl": kl.mean(), "logEvidence": evidence.mean()}


def linear():
    """A decoder with orthogonal rows, whose exact posterior is N((x - b) V, diag): that one, and one that is off."""
    weights = np.linalg.qr(random.normal(0, 1, (D, Z)))[0].T * np.array([[2.0], [1.2], [0.6]])
    weights, offset = weights.astype(np.float32), random.uniform(0.2, 0.8, D).astype(np.float32)
    scale = 1 + (weights.astype(float) ** 2).sum(1)
    exact = {"kernel": (weights.T / scale).astype(np.float32), "logVariance": -np.log(scale)}
    off = {"kernel": exact["kernel"] * np.float32(0.7), "logVariance": exact["logVariance"] + 0.4}
    models = []
    for name, q in (("exact", exact), ("off", off)):
        code_bias = (-offset.astype(float) @ q["kernel"].astype(float)).astype(np.float32)
        log_variance = q["logVariance"].astype(np.float32)
        mean = x[test] @ q["kernel"].astype(float) + code_bias
        said = bounds(mean, log_variance.astype(float), weights.astype(float), offset.astype(float))
        models.append({"posterior": name, "kernel": q["kernel"], "bias": code_bias, "logVariance": log_variance, **said})
    return {"decoder": {"kernel": weights, "bias": offset}, "models": models}


def compared():
    """Three settings over seeds: intervals of the means, paired differences to the first, corrected by Holm."""
    values = random.normal([[0.90], [0.93], [0.905]], 0.012, (3, 6))
    means = [
        (one.mean(), *stats.t.interval(0.95, len(one) - 1, loc=one.mean(), scale=stats.sem(one))) for one in values
    ]
    tests = [stats.ttest_rel(one, values[0]) for one in values[1:]]
    ps = np.array([one.pvalue for one in tests])
    order = ps.argsort()
    corrected = np.empty_like(ps)
    corrected[order] = np.minimum(1, np.maximum.accumulate((len(ps) - np.arange(len(ps))) * ps[order]))
    ends = [one.confidence_interval(0.95) for one in tests]
    return {
        "values": values,
        "means": [dict(zip(("mean", "low", "high"), each)) for each in means],
        "differences": [
            {"mean": (one - values[0]).mean(), "low": end.low, "high": end.high, "p": p, "corrected": c}
            for one, end, p, c in zip(values[1:], ends, ps, corrected)
        ],
    }


def plain(value):
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value


print(json.dumps(plain({
    "data": {"pixels": pixels.ravel(), "labels": labels, "train": TRAIN, "size": D},
    "encoder": {"kernel": kernel.ravel(), "bias": bias},
    "linearProbeAccuracy": probe(),
    "knnAccuracy": by_neighbours(),
    "agreement": [
        {"count": count, "metric": metric, "code": agreement(codes, count, metric), "pixels": agreement(x, count, metric)}
        for metric in ("euclidean", "cosine") for count in (1, 5, 10, 50, 100)
    ],
    "explained": PCA().fit(codes).explained_variance_ratio_,
    "linear": linear(),
    "compared": compared(),
})))
