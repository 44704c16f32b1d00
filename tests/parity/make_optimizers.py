#!/usr/bin/env python3
"""Writes optimizers.st, with which optimizers.cpp and optimizers_other.cpp compare: an MLP's weights after ten steps of every update rule.

    python3 -m venv V && V/bin/pip install torch safetensors numpy && V/bin/python make_optimizers.py

Written with torch 2.15.0 on a CPU, in double. "start.": the weights before, "NAME.": after ten steps on the one batch with the
options below, under a warm-up of 3 steps and half a cosine to 0.1. LAMB, LARS, Lion, Lookahead and SAM, which PyTorch does
not have, are written out here with PyTorch's operations, from their papers.
"""
import math
import pathlib

import torch
from safetensors.torch import save_file

STEPS, WARMUP, LEAST = 10, 3, 0.1
HERE = pathlib.Path(__file__).resolve().parent
torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)


class Paper(torch.optim.Optimizer):
    """A rule that is a function of (parameter, gradient, state, options)."""

    def __init__(self, params, rule, **options):
        super().__init__(params, options)
        self.rule = rule

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                state = self.state[p]
                state["step"] = state.get("step", 0) + 1
                self.rule(p, p.grad, state, group)


def trust(p, d):
    a, b = p.norm(), d.norm()
    return a / b if a > 0 and b > 0 else torch.ones(())


def lamb(p, g, s, o):
    b1, b2, t = 0.9, 0.999, s["step"]
    s["m"] = b1 * s.get("m", 0) + (1 - b1) * g
    s["v"] = b2 * s.get("v", 0) + (1 - b2) * g * g
    d = (s["m"] / (1 - b1**t)) / ((s["v"] / (1 - b2**t)).sqrt() + 1e-6) + o["weight_decay"] * p
    p -= o["lr"] * trust(p, d) * d


def lars(p, g, s, o):
    d = g + o["weight_decay"] * p
    s["v"] = 0.9 * s.get("v", 0) + 1e-2 * trust(p, d) * d
    p -= o["lr"] * s["v"]


def lion(p, g, s, o):
    m = s.get("m", torch.zeros_like(p))
    p *= 1 - o["lr"] * o["weight_decay"]
    p -= o["lr"] * torch.sign(0.9 * m + 0.1 * g)
    s["m"] = 0.99 * m + 0.01 * g


def lookahead(p, g, s, o):  # of SGD with momentum
    if s["step"] == 1:
        s["slow"] = p.clone()
    s["v"] = 0.9 * s["v"] + g if s["step"] > 1 else g.clone()
    p -= o["lr"] * s["v"]
    if s["step"] % 3 == 0:
        s["slow"] += 0.5 * (p - s["slow"])
        p.copy_(s["slow"])


OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, dampening=0.1, weight_decay=0.01),
    "adam": lambda p: torch.optim.Adam(p, lr=0.02, betas=(0.8, 0.99), weight_decay=0.01),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.02, weight_decay=0.1),
    "amsgrad": lambda p: torch.optim.Adam(p, lr=0.05, betas=(0.9, 0.6), weight_decay=0.01, amsgrad=True),
    "adamax": lambda p: torch.optim.Adamax(p, lr=0.02, betas=(0.9, 0.8), weight_decay=0.01),
    "nadam": lambda p: torch.optim.NAdam(p, lr=0.02, weight_decay=0.01),
    "nadamw": lambda p: torch.optim.NAdam(p, lr=0.02, weight_decay=0.1, momentum_decay=0.1, decoupled_weight_decay=True),
    "radam": lambda p: torch.optim.RAdam(p, lr=0.02, weight_decay=0.01),
    "radam_short": lambda p: torch.optim.RAdam(p, lr=0.02, betas=(0.9, 0.5)),
    "adagrad": lambda p: torch.optim.Adagrad(p, lr=0.05, lr_decay=0.1, weight_decay=0.01, initial_accumulator_value=0.1),
    "adadelta": lambda p: torch.optim.Adadelta(p, lr=1.0, rho=0.8, eps=1e-3, weight_decay=0.01),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.01, alpha=0.9, weight_decay=0.01),
    "rmsprop_centered": lambda p: torch.optim.RMSprop(p, lr=0.01, alpha=0.9, momentum=0.5, centered=True, eps=1e-3),
    "rprop": lambda p: torch.optim.Rprop(p, lr=0.05, etas=(0.4, 1.3), step_sizes=(1e-4, 0.1)),
    "asgd": lambda p: torch.optim.ASGD(p, lr=0.05, lambd=0.01, t0=4, weight_decay=0.01),
    "adafactor": lambda p: torch.optim.Adafactor(p, lr=0.5, weight_decay=0.01),
    "maximize": lambda p: torch.optim.Adam(p, lr=0.02, maximize=True),
    "lion": lambda p: Paper(p, lion, lr=0.01, weight_decay=0.1),
    "lamb": lambda p: Paper(p, lamb, lr=0.02, weight_decay=0.01),
    "lars": lambda p: Paper(p, lars, lr=1.0, weight_decay=0.01),
    "lookahead": lambda p: Paper(p, lookahead, lr=0.1),
    "sam": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
}


def factor(i):
    if i < WARMUP:
        return (i + 1) / WARMUP
    return LEAST + (1 - LEAST) * 0.5 * (1 + math.cos(math.pi * (i - WARMUP) / (STEPS - WARMUP)))


torch.manual_seed(3)
net = torch.nn.Sequential()
net.add_module("fc1", torch.nn.Linear(3, 5))
net.add_module("act", torch.nn.Tanh())
net.add_module("fc2", torch.nn.Linear(5, 2))
x, y = torch.randn(6, 3), torch.randn(6, 2)
start = {k: v.detach().clone() for k, v in net.state_dict().items()}
out = {"x": x, "y": y, **{"start." + k: v for k, v in start.items()}}
for name, make in OPTIMIZERS.items():
    net.load_state_dict(start)
    optimizer = make(net.parameters())
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    for _ in range(STEPS):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(net(x), y).backward()
        if name == "sam":  # Foret et al. 2021: the gradient at p + rho g / |g|
            with torch.no_grad():
                length = torch.sqrt(sum((p.grad**2).sum() for p in net.parameters()))
                aside = [(p, p.clone(), p.add_(0.2 * p.grad / (length + 1e-12))) for p in net.parameters()]
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(net(x), y).backward()
            with torch.no_grad():
                for p, before, _ in aside:
                    p.copy_(before)
        optimizer.step()
        schedule.step()
    out.update({f"{name}.{k}": v.detach().clone() for k, v in net.state_dict().items()})
    if name == "asgd":
        out["asgd.ax.fc1.weight"] = optimizer.state[net.fc1.weight]["ax"].clone()
    if name == "adafactor":
        out.update({f"adafactor.{k}": optimizer.state[net.fc1.weight][k].clone() for k in ("row_var", "col_var")})
save_file(out, HERE / "optimizers.st")
