#!/usr/bin/env python3
"""Writes recurrent.st, which recurrent.cpp compares with: PyTorch's LSTM, GRU and RNN. Run as make.py is (torch 2.15.0).

Each network's tensors stand behind its name: "lstm.start.", "lstm.gradient.", "lstm.adam." (after ten steps), "lstm.y".
"ragged." is a bidirectional GRU on a packed sequence.
"""
import pathlib

import torch
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).resolve().parent
torch.set_num_threads(1)
torch.manual_seed(5)
N, T, IN, OUT = 4, 7, 3, 2


class Net(torch.nn.Module):
    def __init__(self, layer, features):
        super().__init__()
        self.layer = layer
        self.fc = torch.nn.Linear(features, OUT)

    def forward(self, x):
        return self.fc(self.layer(x)[0].mean(1))


NETS = {
    "lstm": Net(torch.nn.LSTM(IN, 5, 2, bidirectional=True, batch_first=True), 10),
    "gru": Net(torch.nn.GRU(IN, 4, 2, batch_first=True), 4),
    "rnn": Net(torch.nn.RNN(IN, 6, nonlinearity="relu", bias=False, batch_first=True), 6),
}

x, y = torch.randn(N, T, IN, dtype=torch.float64), torch.randn(N, OUT, dtype=torch.float64)
out = {"input": x, "target": y}
for name, net in NETS.items():
    net = net.double()
    out.update({f"{name}.start.{k}": v.detach().clone() for k, v in net.state_dict().items()})
    prediction = net(x)
    loss = ((prediction - y) ** 2).mean()
    loss.backward()
    out[name + ".y"] = prediction.detach().clone()
    out[name + ".loss"] = loss.detach().clone().reshape(1)
    out.update({f"{name}.gradient.{k}": v.grad.clone() for k, v in net.named_parameters()})
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    for _ in range(10):
        optimizer.zero_grad()
        ((net(x) - y) ** 2).mean().backward()
        optimizer.step()
    out.update({f"{name}.adam.{k}": v.detach().clone() for k, v in net.state_dict().items()})

lengths = torch.tensor([7, 2, 5, 1])
gru = torch.nn.GRU(IN, 4, bidirectional=True, batch_first=True).double()
packed = torch.nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
packed_y, last = gru(packed)
out["ragged.y"] = torch.nn.utils.rnn.pad_packed_sequence(packed_y, batch_first=True, total_length=T)[0].detach()
out["ragged.last"] = last.detach().transpose(0, 1).contiguous()
out["ragged.lengths"] = lengths.to(torch.int32)
out.update({"ragged.start." + k: v.detach().clone() for k, v in gru.state_dict().items()})
save_file({k: v.contiguous() for k, v in out.items()}, HERE / "recurrent.st")
