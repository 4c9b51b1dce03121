#!/usr/bin/env python3
"""Contrastive divergence (CD-1) of a Bernoulli machine in PyTorch on the CPU, written as one would: two matrix products up, one down,
two for the
statistics, momentum and weight decay in place. Prints {"msPerStep"}. Needs torch and numpy."""
import argparse, json, time
import numpy as np, torch

ap = argparse.ArgumentParser()
ap.add_argument('--images', required=True)
ap.add_argument('--hidden', type=int, default=1000)
ap.add_argument('--batch', type=int, default=128)
ap.add_argument('--steps', type=int, default=200)
a = ap.parse_args()
X = torch.from_numpy(np.fromfile(a.images, np.uint8)[16:].reshape(-1, 784).astype(np.float32) / 255)
D, H, B = 784, a.hidden, a.batch
W, b, c = torch.randn(D, H) * 0.03, torch.zeros(D), torch.zeros(H)
dW, db, dc = torch.zeros_like(W), torch.zeros_like(b), torch.zeros_like(c)
order = torch.randperm(len(X))
warm = 20
with torch.no_grad():
    for step in range(warm + a.steps):
        if step == warm:
            started = time.perf_counter()
        at = step * B % (len(X) - B)
        v = X[order[at:at + B]]
        p = torch.sigmoid(v @ W + c)
        h = torch.bernoulli(p)
        v1 = torch.sigmoid(h @ W.t() + b)
        p1 = torch.sigmoid(v1 @ W + c)
        dW.mul_(0.9).add_((v1.t() @ p1 - v.t() @ p) / B).add_(W, alpha=2e-4)
        db.mul_(0.9).add_((v1 - v).mean(0))
        dc.mul_(0.9).add_((p1 - p).mean(0))
        W.sub_(dW, alpha=0.05); b.sub_(db, alpha=0.05); c.sub_(dc, alpha=0.05)
print(json.dumps({'msPerStep': (time.perf_counter() - started) / a.steps * 1000, 'threads': torch.get_num_threads()}))
