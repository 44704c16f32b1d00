#!/usr/bin/env python3
"""Writes sequences.st, which sequences.cpp compares with: what recurrent.cpp leaves out. Run as make.py is (torch 2.15.0).

Each network's tensors stand behind its name: "wrapped.start.", ".y", ".loss", ".dx", ".gradient.", and ".adam.", the weights
after ten steps. Its input is a matrix, from which the network cuts sequences, states and lengths.
"""
import pathlib

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

HERE = pathlib.Path(__file__).resolve().parent
torch.set_num_threads(1)
N, T, IN, OUT = 4, 7, 3, 2


class Last(nn.Module):
    """etta's LastOutput of a GRU in both directions."""

    def __init__(self, *size):
        super().__init__()
        self.layer = nn.GRU(*size, bidirectional=True, batch_first=True)

    def forward(self, x):
        return self.layer(x)[1].transpose(0, 1).flatten(1)


class All(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return self.layer(x)[0]


class Each(nn.Module):
    """etta's TimeDistributed."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return torch.stack([self.layer(x[:, t]) for t in range(x.shape[1])], dim=1)


class Wrapped(nn.Module):
    """An RNN with tanh and biases, in two layers, between wrappers."""

    def __init__(self):
        super().__init__()
        self.each = Each(nn.Linear(IN, 4))
        self.rnn = All(nn.RNN(4, 5, 2, bidirectional=True, batch_first=True))
        self.last = Last(10, 3)
        self.fc = nn.Linear(6, OUT)

    def forward(self, x):
        return self.fc(self.last(self.rnn(self.each(x.reshape(-1, T, IN)))))


class Started(nn.Module):
    """The states before the first step are inputs."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(IN, 5, batch_first=True)
        self.gru = nn.GRU(5, 4, 2, batch_first=True)
        self.fc = nn.Linear(18, OUT)

    def forward(self, x):
        sequence, h, c, g = x.split([T * IN, 5, 5, 8], dim=1)
        y, (h, c) = self.lstm(sequence.reshape(-1, T, IN), (h[None].contiguous(), c[None].contiguous()))
        z, g = self.gru(y, g.reshape(-1, 2, 4).transpose(0, 1).contiguous())
        return self.fc(torch.cat([z.mean(1), h[0], c[0], g[0]], dim=1))


class Ragged(nn.Module):
    """Packed sequences; the input's last column holds their lengths."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(IN, 3, bidirectional=True, batch_first=True)
        self.gru = nn.GRU(6, 4, 2, batch_first=True)
        self.fc = nn.Linear(14, OUT)

    def forward(self, x):
        packed = pack_padded_sequence(x[:, :-1].reshape(-1, T, IN), x[:, -1].long(), batch_first=True, enforce_sorted=False)
        y, (_, c) = self.lstm(packed)
        z, h = self.gru(y)
        z = pad_packed_sequence(z, batch_first=True, total_length=T)[0]
        return self.fc(torch.cat([z.mean(1), c[0], c[1], h[1]], dim=1))


class Nested(nn.Module):
    """A recurrent layer at every step, under another: three words of seven letters."""

    def __init__(self):
        super().__init__()
        self.words = Each(Last(1, 3))
        self.text = All(nn.LSTM(6, 4, batch_first=True))
        self.fc = nn.Linear(4, OUT)

    def forward(self, x):
        return self.fc(self.text(self.words(x.reshape(-1, 3, T, 1))).mean(1))


def run(net, x, target):
    net, x = net.double(), x.clone().requires_grad_()
    out = {"start." + k: v.detach().clone() for k, v in net.state_dict().items()}
    y = net(x)
    loss = ((y - target) ** 2).mean()
    loss.backward()
    out.update({"input": x.detach(), "y": y.detach().clone(), "loss": loss.detach().clone().reshape(1), "dx": x.grad})
    out.update({"gradient." + k: v.grad.clone() for k, v in net.named_parameters()})
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    for _ in range(10):
        optimizer.zero_grad()
        ((net(x.detach()) - target) ** 2).mean().backward()
        optimizer.step()
    out.update({"adam." + k: v.detach().clone() for k, v in net.state_dict().items()})
    return out


torch.manual_seed(13)
sequences = torch.randn(N, T * IN, dtype=torch.float64)
target = torch.randn(N, OUT, dtype=torch.float64)
out = {"target": target}
for name, net, more in (
    ("wrapped", Wrapped(), torch.zeros(N, 0)),
    ("started", Started(), torch.randn(N, 18)),
    ("ragged", Ragged(), torch.tensor([[7], [2], [5], [1]])),
    ("nested", Nested(), torch.zeros(N, 0)),
):
    out.update({f"{name}.{k}": v for k, v in run(net, torch.cat([sequences, more.double()], dim=1), target).items()})
assert (out["started.dx"] != 0).all()
save_file({k: v.contiguous() for k, v in out.items()}, HERE / "sequences.st")
(HERE / "sequences.st").chmod(0o644)
