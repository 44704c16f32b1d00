#!/usr/bin/env python3
"""Writes spectral.st, which spectral.cpp compares with: torch.linalg's eigh, svd, pinv and their gradients (PyTorch 2.15)."""
import pathlib

import torch
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).resolve().parent
torch.manual_seed(5)
torch.set_default_dtype(torch.float64)
out = {}


def weights(*shape):  # what tests/parity/spectral.cpp computes too
    n = 1
    for s in shape:
        n *= s
    return (1 + 0.7 * torch.sin(1.3 * torch.arange(n, dtype=torch.float64) + 0.5)).reshape(shape)


def record(name, x, f):
    x = x.clone().requires_grad_()
    values, loss = f(x)
    loss.backward()
    g = x.grad
    out.update({name: x.detach(), name + ".loss": loss.detach()[None], name + ".grad": g, **{name + "." + k: v.detach() for k, v in values.items()}})


def eigen(x):
    w, v = torch.linalg.eigh(x)
    return {"w": w, "v": v.square()}, (v.square() * weights(*v.shape)).sum() + (torch.sin(w) * weights(*w.shape)).sum() + (v * torch.cos(w) @ v.mT).sum()


def singular(x):
    u, s, vt = torch.linalg.svd(x, full_matrices=False)
    loss = (u.square() * weights(*u.shape)).sum() + (torch.sin(s) * weights(*s.shape)).sum() + (vt.square() * weights(*vt.shape)).sum()
    return {"u": u.square(), "s": s, "vt": vt.square()}, loss + (u * torch.cos(s) @ vt).sum()


def pseudo(x):
    p = torch.linalg.pinv(x)
    return {"p": p, "cond": torch.linalg.cond(x)[None], "rank": torch.linalg.matrix_rank(x)[None]}, (p * weights(*p.shape)).sum()


a = torch.randn(5, 5)
record("eigen", a + a.mT, eigen)
out["eigen.grad"] = (out["eigen.grad"] + out["eigen.grad"].mT) / 2  # of a symmetric matrix
for name, shape in (("square", (4, 4)), ("tall", (6, 3)), ("wide", (3, 5))):
    record("svd." + name, torch.randn(*shape), singular)
    record("pinv." + name, torch.randn(*shape), pseudo)
# Rank 2 of 3: NumPy's and PyTorch's cut-off says so; no gradient (PyTorch's goes through the decomposition).
r = torch.randn(4, 2) @ torch.randn(2, 3)
out.update({"rank": r, "rank.p": torch.linalg.pinv(r)})
assert torch.linalg.matrix_rank(r) == 2
save_file({k: v.contiguous() for k, v in out.items()}, HERE / "spectral.st")
