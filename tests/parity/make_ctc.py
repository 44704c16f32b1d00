#!/usr/bin/env python3
"""Writes ctc.st, which ctc.cpp compares with: PyTorch's CTC loss and its gradient; under "net." ten steps of Adam of a
network that learns with it. Run as make.py is (torch 2.15.0)."""
import pathlib

import torch
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).resolve().parent
torch.manual_seed(3)
N, T, C, S = 4, 9, 6, 4
logits = torch.randn(N, T, C, dtype=torch.float64, requires_grad=True)
labels = torch.tensor([[1, 2, 2, 5], [3, -1, -1, -1], [4, 4, 1, -1], [2, 5, -1, -1]])
lengths = (labels >= 0).sum(1)
loss = torch.nn.functional.ctc_loss(logits.log_softmax(2).transpose(0, 1), labels.clamp(min=1), torch.full((N,), T), lengths)
loss.backward()
out = {"lengths": torch.tensor([9, 4, 5, 7]).int()}
out["none"] = torch.nn.functional.ctc_loss(logits.log_softmax(2).transpose(0, 1), labels.clamp(min=1), out["lengths"].long(), lengths, reduction="none").detach()
# Another blank: labels 0 to 4, 5 is the blank; and labels that do not fit.
other = logits.detach().clone().requires_grad_()
moved = torch.tensor([[1, 2, 2, 0], [3, -1, -1, -1], [4, 4, 1, 1], [2, 0, -1, -1]])
short = torch.tensor([9, 4, 5, 7])
value = torch.nn.functional.ctc_loss(other.log_softmax(2).transpose(0, 1), moved.clamp(min=0), short, (moved >= 0).sum(1), blank=5, reduction="sum", zero_infinity=True)
value.backward()
out.update({"moved": moved.int(), "sum": value.detach().reshape(1), "sum_gradient": other.grad})


class Reader(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = torch.nn.GRU(3, 4, batch_first=True)
        self.fc = torch.nn.Linear(4, C)

    def forward(self, x):
        return self.fc(self.gru(x)[0])


def reader_loss():
    return torch.nn.functional.ctc_loss(net(x).log_softmax(2).transpose(0, 1), labels.clamp(min=1), torch.full((N,), T), lengths)


net, x = Reader().double(), torch.randn(N, T, 3, dtype=torch.float64)
out.update({"net.input": x, "net.y": net(x).detach()} | {"net.start." + k: v.clone() for k, v in net.state_dict().items()})
reader_loss().backward()
out["net.loss"] = reader_loss().detach().reshape(1)
out.update({"net.gradient." + k: v.grad.clone() for k, v in net.named_parameters()})
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
for _ in range(10):
    optimizer.zero_grad()
    reader_loss().backward()
    optimizer.step()
out.update({"net.adam." + k: v.clone() for k, v in net.state_dict().items()})
save_file(out | {"logits": logits.detach(), "labels": labels.int(), "loss": loss.detach().reshape(1), "gradient": logits.grad}, HERE / "ctc.st")
(HERE / "ctc.st").chmod(0o644)
