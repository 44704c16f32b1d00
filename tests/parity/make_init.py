#!/usr/bin/env python3
"""Writes init.st, which init.cpp compares with: statistics of what torch.nn.init draws, and of how PyTorch's layers start. Run as
make.py is (torch 2.15.0). Of each tensor: mean, root mean square, least, largest, and the share of zeros, over many draws."""
import pathlib

import torch
from torch import nn
from torch.nn import init
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).resolve().parent
torch.manual_seed(9)
torch.set_default_dtype(torch.float64)
DRAWS = 200


def statistics(draw):
    x = torch.cat([draw().detach().flatten() for _ in range(DRAWS)])
    return torch.stack([x.mean(), x.square().mean().sqrt(), x.min(), x.max(), (x == 0).double().mean()])


def drawn(f, *extents):
    return lambda: f(torch.empty(extents))


out = {name: statistics(draw) for name, draw in {
    "constant": drawn(lambda t: init.constant_(t, 2.5), 40, 30),
    "uniform": drawn(lambda t: init.uniform_(t, -1, 3), 40, 30),
    "normal": drawn(lambda t: init.normal_(t, 1, 2), 40, 30),
    "trunc_normal": drawn(lambda t: init.trunc_normal_(t, 1, 2, 0, 4), 40, 30),
    "xavier_uniform": drawn(init.xavier_uniform_, 40, 30),
    "xavier_normal": drawn(init.xavier_normal_, 8, 6, 5, 5),
    "xavier_gain": drawn(lambda t: init.xavier_uniform_(t, init.calculate_gain("tanh")), 40, 30),
    "kaiming_uniform": drawn(lambda t: init.kaiming_uniform_(t, nonlinearity="relu"), 8, 6, 5, 5),
    "kaiming_normal": drawn(lambda t: init.kaiming_normal_(t, nonlinearity="relu"), 40, 30),
    "kaiming_fan_out": drawn(lambda t: init.kaiming_normal_(t, 0.2, "fan_out", "leaky_relu"), 8, 6, 5, 5),
    "orthogonal": drawn(lambda t: init.orthogonal_(t, init.calculate_gain("relu")), 12, 8),
    "sparse": drawn(lambda t: init.sparse_(t, 0.31, 0.05), 40, 30),
    "eye": drawn(init.eye_, 4, 3),
    "dirac": drawn(lambda t: init.dirac_(t, 2), 6, 2, 3, 4),
}.items()}

LAYERS = {
    "linear": lambda: nn.Linear(30, 20),
    "bilinear": lambda: nn.Bilinear(10, 6, 5),
    "conv1d": lambda: nn.Conv1d(6, 8, 3),
    "conv2d": lambda: nn.Conv2d(6, 8, (3, 5), groups=2),
    "conv3d": lambda: nn.Conv3d(4, 6, 3),
    "transposed1d": lambda: nn.ConvTranspose1d(6, 9, 3, groups=3),
    "transposed2d": lambda: nn.ConvTranspose2d(6, 8, (2, 3)),
    "prelu": lambda: nn.PReLU(6),
    "group_norm": lambda: nn.GroupNorm(2, 6),
}
for name, make in LAYERS.items():
    layers = [make() for _ in range(DRAWS)]
    for parameter in dict(layers[0].named_parameters()):
        these = iter([dict(layer.named_parameters())[parameter] for layer in layers])
        out[f"{name}.{parameter}"] = statistics(lambda: next(these))
save_file(out, HERE / "init.st")
