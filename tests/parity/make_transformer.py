#!/usr/bin/env python3
"""Writes the files that transformer.cpp compares with: what PyTorch computes for networks with attention.

    python3 -m venv V && V/bin/pip install torch safetensors numpy && V/bin/python make_transformer.py

Written with torch 2.15.0 on a CPU. transformer.NAME.weights.st holds the initial weights under PyTorch's names;
transformer.NAME.st the input, the labels and what came out: logits, loss, "gradient.", and "sgd." and "adam.", the weights
after STEPS steps.
"""
import pathlib

import torch
from safetensors.torch import save_file

STEPS = 10
HERE = pathlib.Path(__file__).resolve().parent
torch.set_num_threads(1)

OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9),
    "adam": lambda p: torch.optim.Adam(p, lr=0.01, eps=1e-4),
}


def causal(n):
    return torch.nn.Transformer.generate_square_subsequent_mask(n, dtype=torch.float64)


class Encoder(torch.nn.Module):
    """Post-norm with ReLU, then causal pre-norm with GELU."""

    def __init__(self):
        super().__init__()
        common = dict(dropout=0.0, batch_first=True)
        self.first = torch.nn.TransformerEncoderLayer(8, 2, 12, **common)
        self.second = torch.nn.TransformerEncoderLayer(8, 4, 10, activation="gelu", norm_first=True, layer_norm_eps=1e-3, **common)
        self.norm = torch.nn.LayerNorm(8, bias=False)
        self.fc = torch.nn.Linear(40, 3)

    def forward(self, x):
        x = self.second(self.first(x), src_mask=causal(5))
        return self.fc(self.norm(x).flatten(1))


class Decoder(torch.nn.Module):
    """A target of three positions, a memory of the other two; post- and pre-norm, one without biases."""

    def __init__(self):
        super().__init__()
        common = dict(dropout=0.0, batch_first=True)
        self.first = torch.nn.TransformerDecoderLayer(8, 2, 12, **common)
        self.second = torch.nn.TransformerDecoderLayer(8, 2, 6, norm_first=True, bias=False, **common)
        self.fc = torch.nn.Linear(24, 3)

    def forward(self, x):
        target, memory = x[:, :3], x[:, 3:]
        x = self.first(target, memory, tgt_mask=causal(3))
        return self.fc(self.second(x, memory).flatten(1))


class Attention(torch.nn.Module):
    """Self-attention over what is not padding, cross-attention without biases; RMSNorm and GroupNorm."""

    def __init__(self):
        super().__init__()
        self.attention = torch.nn.MultiheadAttention(8, 2, batch_first=True)
        self.rms = torch.nn.RMSNorm(8)
        self.cross = torch.nn.MultiheadAttention(8, 4, bias=False, batch_first=True)
        self.group = torch.nn.GroupNorm(3, 6)
        self.fc = torch.nn.Linear(48, 3)

    def forward(self, x):
        padding = x[:, :, 0] < -0.5
        assert not padding.all(dim=1).any()
        y = self.rms(self.attention(x, x, x, key_padding_mask=padding, need_weights=False)[0])
        y = self.cross(y, x[:, :4], x[:, :4], need_weights=False)[0]
        return self.fc(self.group(y).flatten(1))


def run(net, x, y):
    start = {k: v.detach().clone() for k, v in net.state_dict().items()}
    loss_of = torch.nn.CrossEntropyLoss()
    net.zero_grad()
    logits = net(x)
    loss = loss_of(logits, y)
    loss.backward()
    out = {"input": x, "labels": y.int(), "logits": logits.detach().clone(), "loss": loss.detach().clone().reshape(1)}
    out.update({"gradient." + k: v.grad.clone() for k, v in net.named_parameters()})
    for name, make in OPTIMIZERS.items():
        net.load_state_dict(start)
        optimizer = make(net.parameters())
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss_of(net(x), y).backward()
            optimizer.step()
        # In float: a gradient that is wrong shows up in "gradient." already.
        out.update({f"{name}.{k}": v.detach().clone().float() for k, v in net.state_dict().items()})
    net.load_state_dict(start)
    return out


for name, net, shape in (("encoder", Encoder, (4, 5, 8)), ("decoder", Decoder, (4, 5, 8)), ("attention", Attention, (4, 6, 8))):
    torch.manual_seed(1)
    net = net().double().train()
    with torch.no_grad():
        for k, p in net.named_parameters():  # no weight 1 and no bias 0
            if p.dim() == 1:
                p.add_(0.2 * torch.randn_like(p))
    x, y = torch.randn(*shape, dtype=torch.float64), torch.tensor([0, 2, 1, 2])
    save_file({k: v.contiguous() for k, v in net.state_dict().items()}, HERE / f"transformer.{name}.weights.st")
    save_file(run(net, x, y), HERE / f"transformer.{name}.st")

for file in HERE.glob("transformer.*.st"):
    file.chmod(0o644)
