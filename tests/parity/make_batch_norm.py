#!/usr/bin/env python3
"""Writes the files that batch_norm.cpp compares with: what PyTorch computes for networks with batch normalisation.

    python3 -m venv V && V/bin/pip install torch safetensors numpy && V/bin/python make_batch_norm.py

Written with torch 2.15.0 on a CPU. NAME.weights.st holds the initial weights and running statistics under PyTorch's
names; NAME.st the input, the labels and what came out: "gradient." of the first batch, "sgd." and "adam." the weights and
running statistics after STEPS steps, on six and on four samples by turns, and the logits of an evaluation after those.
"""
import pathlib

import torch
from safetensors.torch import save_file

STEPS = 10
HERE = pathlib.Path(__file__).resolve().parent
torch.set_num_threads(1)

OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9),
    "adam": lambda p: torch.optim.Adam(p, lr=0.01),
}


class Flat(torch.nn.Module):
    """[N, C], with every option once. (A bias in front of a normalisation has a gradient of 0, but for rounding.)"""

    def __init__(self):
        super().__init__()
        self.fc1 = torch.nn.Linear(6, 8, bias=False)
        self.bn1 = torch.nn.BatchNorm1d(8)
        self.fc2 = torch.nn.Linear(8, 7, bias=False)
        self.bn2 = torch.nn.BatchNorm1d(7, momentum=None, affine=False)
        self.fc3 = torch.nn.Linear(7, 5, bias=False)
        self.bn3 = torch.nn.BatchNorm1d(5, eps=1e-3, track_running_stats=False)
        self.fc4 = torch.nn.Linear(5, 3)

    def forward(self, x):
        x = torch.relu(self.bn1(self.fc1(x)))
        x = torch.tanh(self.bn2(self.fc2(x)))
        return self.fc4(self.bn3(self.fc3(x)))


class Sequence(torch.nn.Module):
    """[N, C, L]"""

    def __init__(self):
        super().__init__()
        self.bn = torch.nn.BatchNorm1d(3, momentum=0.3)
        self.fc = torch.nn.Linear(15, 3)

    def forward(self, x):
        return self.fc(torch.tanh(self.bn(x)).flatten(1))


class Picture(torch.nn.Module):
    """[N, C, H, W], behind a convolution."""

    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(2, 4, 3)
        self.bn = torch.nn.BatchNorm2d(4)
        self.fc = torch.nn.Linear(4 * 3 * 3, 3)

    def forward(self, x):
        return self.fc(self.bn(torch.relu(self.conv(x))).flatten(1))


def run(net, x, y):
    start = {k: v.detach().clone() for k, v in net.state_dict().items()}
    loss_of = torch.nn.CrossEntropyLoss()
    net.train()
    loss = loss_of(net(x), y)
    loss.backward()
    out = {"input": x, "labels": y.int(), "loss": loss.detach().clone().reshape(1)}
    out.update({"gradient." + k: v.grad.clone() for k, v in net.named_parameters()})
    for name, make in OPTIMIZERS.items():
        net.load_state_dict(start)
        net.train()
        optimizer = make(net.parameters())
        for step in range(STEPS):
            n = 6 if step % 2 == 0 else 4
            optimizer.zero_grad()
            loss_of(net(x[:n]), y[:n]).backward()
            optimizer.step()
        out.update({f"{name}.{k}": v.detach().clone() for k, v in net.state_dict().items()})
        net.eval()
        with torch.no_grad():
            out[name + ".logits"] = net(x)
    net.load_state_dict(start)
    return out


torch.manual_seed(1)
for name, make, extents in (("batch_norm.flat", Flat, (6,)), ("batch_norm.sequence", Sequence, (3, 5)), ("batch_norm.picture", Picture, (2, 5, 5))):
    net = make().double()
    with torch.no_grad():
        for k, v in net.named_parameters():
            if k.startswith("bn"):
                v.copy_(1 + torch.randn_like(v) / 4)
        for k, v in net.named_buffers():
            if k.endswith("running_mean"):
                v.copy_(torch.randn_like(v) / 4)
            if k.endswith("running_var"):
                v.copy_(1 + torch.rand_like(v))
    save_file(net.state_dict(), HERE / f"{name}.weights.st")
    save_file(run(net, torch.randn(6, *extents).double(), torch.tensor([0, 2, 1, 1, 0, 2])), HERE / f"{name}.st")

for file in HERE.glob("batch_norm.*.st"):
    file.chmod(0o644)
