#!/usr/bin/env python3
"""Writes average.st, which average.cpp compares with: the weights that torch.optim.swa_utils.AveragedModel keeps over ten steps of Adam.
Run as make.py is (torch 2.15.0).

"start.", "adam.": the weights before and after. "ema.": exponential, told of the starting weights first; "late.": the same, but told of
the weights behind the first step first; "swa.": all alike. PyTorch's averages begin as the first weights they are told of.
"""
import pathlib

import torch
from safetensors.torch import save_file
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

HERE = pathlib.Path(__file__).resolve().parent
torch.set_num_threads(1)
torch.manual_seed(19)
net = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.Tanh(), torch.nn.Linear(5, 2)).double()
x, y = torch.randn(6, 3, dtype=torch.float64), torch.randn(6, 2, dtype=torch.float64)
out = {"x": x, "y": y} | {"start." + k: v.clone() for k, v in net.state_dict().items()}
averages = {
    "ema": AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(0.9)),
    "late": AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(0.7)),
    "swa": AveragedModel(net),
}
averages["ema"].update_parameters(net)
optimizer = torch.optim.Adam(net.parameters(), lr=0.05)
for _ in range(10):
    optimizer.zero_grad()
    ((net(x) - y) ** 2).mean().backward()
    optimizer.step()
    for average in averages.values():
        average.update_parameters(net)
out.update({"adam." + k: v.clone() for k, v in net.state_dict().items()})
for name, average in averages.items():
    out.update({f"{name}.{k}": v.clone() for k, v in average.module.state_dict().items()})
    out[name + ".y"] = average(x).detach()
save_file(out, HERE / "average.st")
(HERE / "average.st").chmod(0o644)
