#!/usr/bin/env python3
"""Writes index.st, which index.cpp compares with: PyTorch's gather, scatter_add, index_add, take_along_dim, index_select and
embedding, and the gradients of a weighed sum of each (check::weighed in tests/gradient_check.hpp). Run as make.py is (torch 2.15.0).
"""
import pathlib

import torch
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).resolve().parent
torch.manual_seed(17)


def weighed(y):
    y = y.flatten()
    return (y * (1 + 0.7 * torch.sin(1.3 * torch.arange(y.numel(), dtype=torch.float64) + 0.5))).sum()


x, more = torch.randn(3, 4, 5, dtype=torch.float64), torch.randn(3, 6, 5, dtype=torch.float64)
at = torch.randint(4, (3, 6, 5))  # places on x's second axis, repeated
last = torch.randint(5, (3, 4, 2))
first = torch.randint(3, (2, 4, 5))
row = torch.tensor([[[2], [0], [4], [2]]])  # the same for all of x's first axis
whole = torch.tensor([3, 0, 0, 1, 2, 3])
tokens = torch.tensor([[2, 0, 2], [1, 1, 2]])

CASES = {
    "gather1": lambda x: x.gather(1, at),
    "gather2": lambda x: x.gather(2, last),
    "gather0": lambda x: x.gather(0, first),
    "along": lambda x: torch.take_along_dim(x, row, 2),
    "take": lambda x: x.index_select(1, whole),
    "embedding": lambda x: torch.nn.functional.embedding(tokens, x.flatten(1)),
    "scatter": lambda x, more: x.scatter_add(1, at, more),
    "add": lambda x, more: x.index_add(1, whole, more),
}
out = {"x": x, "more": more, "at": at, "last": last, "first": first, "row": row, "whole": whole, "tokens": tokens}
for name, f in CASES.items():
    inputs = [v.clone().requires_grad_() for v in (x, more)[: 2 if name in ("scatter", "add") else 1]]
    y = f(*inputs)
    weighed(y).backward()
    out[name + ".y"] = y.detach()
    out.update({f"{name}.d{k}": v.grad for k, v in zip(("x", "more"), inputs)})
save_file({k: v.contiguous() for k, v in out.items()}, HERE / "index.st")
(HERE / "index.st").chmod(0o644)
