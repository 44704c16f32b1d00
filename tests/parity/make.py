#!/usr/bin/env python3
"""Writes the files that mlp.cpp, lenet.cpp and recipe.cpp compare with: what PyTorch computes for the same networks.

    python3 -m venv V && V/bin/pip install torch safetensors numpy && V/bin/python make.py

Written with torch 2.15.0 on a CPU. NAME.weights.st holds the initial weights under PyTorch's names, as
torch.save_file writes them; NAME.st the input, the labels and what came out, each network's tensors behind a
prefix: "gradient.", "sgd.", "adam.", "adamw." (the weights after STEPS steps on the one batch). recipe.TYPE.st holds what the
MLP becomes with groups of parameters, clipping and a schedule.
"""
import math
import pathlib

import torch
from safetensors.torch import load_file, save_file

STEPS = 10
HERE = pathlib.Path(__file__).resolve().parent
torch.set_num_threads(1)

OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=1e-3),
    "nesterov": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True),
    "adam": lambda p: torch.optim.Adam(p, lr=0.01, betas=(0.9, 0.99), eps=1e-8),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.1),
}


class Mlp(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = torch.nn.Linear(12, 16)
        self.fc2 = torch.nn.Linear(16, 8)
        self.fc3 = torch.nn.Linear(8, 5)

    def forward(self, x):
        return self.fc3(torch.tanh(self.fc2(torch.relu(self.fc1(x)))))


class LeNet(torch.nn.Module):
    """LeNet-5 on 16 x 16 pictures, so that its dump stays small."""

    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(1, 8, 5)
        self.conv2 = torch.nn.Conv2d(8, 16, 5)
        self.fc1 = torch.nn.Linear(16, 120)
        self.fc2 = torch.nn.Linear(120, 84)
        self.fc3 = torch.nn.Linear(84, 10)

    def forward(self, x):
        pool = torch.nn.functional.max_pool2d
        x = pool(torch.relu(self.conv1(x)), 2)
        x = pool(torch.relu(self.conv2(x)), 2)
        return self.fc3(torch.relu(self.fc2(torch.relu(self.fc1(x.flatten(1))))))


def numbers(shape, seed, scale):
    """Multiples of scale / 2^24 in -scale/2 .. scale/2: lenet.cpp makes the same ones."""
    n, x, out = torch.Size(shape).numel(), seed, []
    for _ in range(n):
        x = (1664525 * x + 1013904223) % 2**32
        out.append(((x >> 8) / 2**24 - 0.5) * scale)
    return torch.tensor(out, dtype=torch.float64).reshape(shape)


def run(net, x, y, optimizers):
    start = {k: v.detach().clone() for k, v in net.state_dict().items()}
    loss_of = torch.nn.CrossEntropyLoss()
    net.zero_grad()
    logits = net(x)
    loss = loss_of(logits, y)
    loss.backward()
    out = {"logits": logits.detach().clone(), "loss": loss.detach().clone().reshape(1)}
    out.update({"gradient." + k: v.grad.clone() for k, v in net.named_parameters()})
    for name in optimizers:
        net.load_state_dict(start)
        optimizer = OPTIMIZERS[name](net.parameters())
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss_of(net(x), y).backward()
            optimizer.step()
        out.update({f"{name}.{k}": v.detach().clone() for k, v in net.state_dict().items()})
    net.load_state_dict(start)
    return out


torch.manual_seed(1)
mlp = Mlp().float()
x, y = torch.randn(6, 12), torch.tensor([0, 3, 1, 4, 2, 3])
for name, dtype in (("mlp.f32", torch.float32), ("mlp.f64", torch.float64)):
    mlp = mlp.to(dtype)
    out = run(mlp, x.to(dtype), y, OPTIMIZERS)
    out.update({"input": x.to(dtype), "labels": y.int()})
    save_file(mlp.state_dict(), HERE / f"{name}.weights.st")
    save_file(out, HERE / f"{name}.st")



def recipe(net, x, y):
    """AdamW with a group for each kind of parameter, clipped gradients, and a warm-up before a cosine."""
    warmup, least = 3, 0.1
    loss_of = torch.nn.CrossEntropyLoss()
    named = dict(net.named_parameters())
    named["fc1.bias"].requires_grad_(False)
    optimizer = torch.optim.AdamW([
        {"params": [named["fc1.weight"], named["fc2.weight"]]},
        {"params": [named["fc2.bias"]], "weight_decay": 0.0},
        {"params": [named["fc3.weight"]], "lr": 0.02},
        {"params": [named["fc3.bias"]], "lr": 0.03, "weight_decay": 0.0},
    ], lr=0.01, weight_decay=0.1)

    def factor(i):
        if i < warmup:
            return (i + 1) / warmup
        return least + (1 - least) * 0.5 * (1 + math.cos(math.pi * (i - warmup) / (STEPS - warmup)))

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    losses, norms = [], []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = loss_of(net(x), y)
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_([p for p in net.parameters() if p.requires_grad], 0.48).detach())
        losses.append(loss.detach())
        optimizer.step()
        schedule.step()
    out = {"loss": torch.stack(losses), "norm": torch.stack(norms)}
    for name, p in named.items():
        out["weights." + name] = p.detach().clone()
        if p.requires_grad:
            out.update({f"{k}.{name}": v.clone() for k, v in optimizer.state[p].items() if k != "step"})
    print("norms before clipping:", [round(float(n), 3) for n in norms])
    return out


for name, dtype in (("f32", torch.float32), ("f64", torch.float64)):
    net = Mlp()
    net.load_state_dict(load_file(HERE / f"mlp.{name}.weights.st"))
    save_file(recipe(net.to(dtype), x.to(dtype), y), HERE / f"recipe.{name}.st")

lenet = LeNet().double()
with torch.no_grad():
    for i, p in enumerate(lenet.parameters()):
        p.copy_(numbers(p.shape, i + 1, 0.5))
x, y = numbers((3, 1, 16, 16), 100, 2.0), torch.tensor([7, 0, 4])
out = run(lenet, x, y, ["adam"])
# The weights in float: a gradient that is wrong shows up in "gradient." already.
out = {k: v.float() if k.startswith("adam.") else v for k, v in out.items()}
save_file(out, HERE / "lenet.st")

for file in HERE.glob("*.st"):
    file.chmod(0o644)
