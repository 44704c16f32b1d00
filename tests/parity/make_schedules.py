#!/usr/bin/env python3
"""Writes schedules.st, with which schedules.cpp compares: the rates of torch.optim.lr_scheduler over 40 steps.

    python3 -m venv V && V/bin/pip install torch safetensors numpy && V/bin/python make_schedules.py

Written with torch 2.15.0. The rule's rate is 0.5; of OneCycleLR and CyclicLR that is max_lr.
"""
import pathlib

import torch
from safetensors.torch import save_file
from torch.optim import lr_scheduler as lrs

LR, STEPS = 0.5, 40
HERE = pathlib.Path(__file__).resolve().parent

SCHEDULES = {
    "constant": lambda o: lrs.ConstantLR(o, factor=0.25, total_iters=7),
    "linear": lambda o: lrs.LinearLR(o, start_factor=0.2, end_factor=0.8, total_iters=12),
    "linear_down": lambda o: lrs.LinearLR(o, start_factor=1.0, end_factor=0.1, total_iters=STEPS),
    "step": lambda o: lrs.StepLR(o, 6, gamma=0.7),
    "multi_step": lambda o: lrs.MultiStepLR(o, [5, 9, 30], gamma=0.3),
    "exponential": lambda o: lrs.ExponentialLR(o, 0.93),
    "polynomial": lambda o: lrs.PolynomialLR(o, total_iters=STEPS, power=1.7),
    "polynomial_short": lambda o: lrs.PolynomialLR(o, total_iters=25, power=2.0),
    "cosine": lambda o: lrs.CosineAnnealingLR(o, T_max=STEPS, eta_min=0.1 * LR),
    "restarts": lambda o: lrs.CosineAnnealingWarmRestarts(o, T_0=7, T_mult=1, eta_min=0.05 * LR),
    "restarts_longer": lambda o: lrs.CosineAnnealingWarmRestarts(o, T_0=5, T_mult=2),
    "one_cycle": lambda o: lrs.OneCycleLR(o, max_lr=LR, total_steps=STEPS, cycle_momentum=False),
    "one_cycle_line": lambda o: lrs.OneCycleLR(o, max_lr=LR, total_steps=STEPS, pct_start=0.25, anneal_strategy="linear", div_factor=10, final_div_factor=100, cycle_momentum=False),
    "one_cycle_three": lambda o: lrs.OneCycleLR(o, max_lr=LR, total_steps=STEPS, pct_start=0.4, three_phase=True, cycle_momentum=False),
    "triangular": lambda o: lrs.CyclicLR(o, base_lr=0.1 * LR, max_lr=LR, step_size_up=6, cycle_momentum=False),
    "triangular2": lambda o: lrs.CyclicLR(o, base_lr=0.1 * LR, max_lr=LR, step_size_up=4, step_size_down=7, mode="triangular2", cycle_momentum=False),
    "exp_range": lambda o: lrs.CyclicLR(o, base_lr=0.2 * LR, max_lr=LR, step_size_up=5, mode="exp_range", gamma=0.95, cycle_momentum=False),
    "sequential": lambda o: lrs.SequentialLR(o, [lrs.LinearLR(o, 0.1, 1.0, 10), lrs.ExponentialLR(o, 0.9)], [10]),
    "chained": lambda o: lrs.ChainedScheduler([lrs.ConstantLR(o, 0.1, 8), lrs.ExponentialLR(o, 0.95)]),
    "inverse_sqrt": lambda o: lrs.LambdaLR(o, lambda t: min((t + 1) / 8, (8 / (t + 1)) ** 0.5)),
    "warm_up": lambda o: lrs.LambdaLR(o, lambda t: min((t + 1) / 5, 1.0)),
}
out = {}
for name, make in SCHEDULES.items():
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=LR)
    schedule, rates = make(optimizer), []
    for i in range(STEPS):
        rates.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        if i + 1 < STEPS:
            schedule.step()
    out[name] = torch.tensor(rates, dtype=torch.float64)

# What they make of the momentum.
for name, make in {
    "one_cycle_momentum": lambda o: lrs.OneCycleLR(o, max_lr=LR, total_steps=STEPS),
    "one_cycle_three_momentum": lambda o: lrs.OneCycleLR(o, max_lr=LR, total_steps=STEPS, pct_start=0.4, three_phase=True, base_momentum=0.7, max_momentum=0.99),
    "triangular2_momentum": lambda o: lrs.CyclicLR(o, base_lr=0.1 * LR, max_lr=LR, step_size_up=4, step_size_down=7, mode="triangular2"),
}.items():
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=LR, momentum=0.5)
    schedule, momenta = make(optimizer), []
    for i in range(STEPS):
        momenta.append(float(optimizer.param_groups[0]["momentum"]))
        optimizer.step()
        if i + 1 < STEPS:
            schedule.step()
    out[name] = torch.tensor(momenta, dtype=torch.float64)

# Reduce on plateau: losses of 40 epochs, and the rate of each.
losses = [1.0 / (1 + min(i, 9)) + 0.002 * ((7 * i) % 5) for i in range(STEPS)]
losses[30:] = [x - 0.09 for x in losses[30:]]
for name, options in (("plateau", {"factor": 0.5, "patience": 3, "cooldown": 2}), ("plateau_abs", {"factor": 0.1, "patience": 2, "threshold": 0.01, "threshold_mode": "abs", "min_lr": 0.02}),
                      ("plateau_max", {"mode": "max", "factor": 0.5, "patience": 4})):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=LR)
    schedule, rates = lrs.ReduceLROnPlateau(optimizer, **options), []
    for loss in losses:
        rates.append(float(optimizer.param_groups[0]["lr"]))
        schedule.step(loss)
    out[name] = torch.tensor(rates, dtype=torch.float64)
out["losses"] = torch.tensor(losses, dtype=torch.float64)
save_file(out, HERE / "schedules.st")
