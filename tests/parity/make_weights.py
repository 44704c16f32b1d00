#!/usr/bin/env python3
"""Writes the weights of a small network as NPZ files, which weights.cpp loads: PyTorch's state dict (plain and compressed), and the same
numbers as Keras has them: names of its own, [in, out] and [height, width, in, out], double. Beside these an input and PyTorch's output.

PyTorch 2.15, NumPy 2.4.
"""
import pathlib

import numpy as np
import torch
from torch import nn

HERE = pathlib.Path(__file__).resolve().parent
torch.manual_seed(5)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 3, (3, 2))
        self.bn = nn.BatchNorm2d(3)
        self.fc = nn.Linear(3, 4)

    def forward(self, x):
        return self.fc(torch.relu(self.bn(self.conv(x))).mean((2, 3)))


net = Net()
for _ in range(3):
    net(torch.randn(8, 2, 5, 6))  # so that the running statistics are not those of the start
net.eval()
state = {name: t.numpy() for name, t in net.state_dict().items()}
np.savez(HERE / "weights.npz", **state)
np.savez_compressed(HERE / "weights.compressed.npz", **state)
x = torch.randn(4, 2, 5, 6, dtype=torch.double)
keras = {
    "conv2d/kernel": state["conv.weight"].transpose(2, 3, 1, 0),
    "conv2d/bias": state["conv.bias"],
    "batch_normalization/gamma": state["bn.weight"],
    "batch_normalization/beta": state["bn.bias"],
    "batch_normalization/moving_mean": state["bn.running_mean"],
    "batch_normalization/moving_variance": state["bn.running_var"],
    "dense/kernel": state["fc.weight"].T,
    "dense/bias": state["fc.bias"],
}
keras = {name: np.ascontiguousarray(a, dtype=np.float64) for name, a in keras.items()}
np.savez(HERE / "weights.keras.npz", x=x.numpy(), y=net.double()(x).detach().numpy(), **keras)
