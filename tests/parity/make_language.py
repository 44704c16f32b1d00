#!/usr/bin/env python3
"""Writes language.st, which language.cpp compares with: what PyTorch computes for three networks of today's
kinds, whose parts PyTorch lacks are written out here. Run as make.py is (torch 2.15.0).

Each network's tensors stand behind its name: "gpt.input", "gpt.labels", "gpt.start.", "gpt.y", "gpt.loss", "gpt.gradient.", and
"gpt.adamw.", the weights after ten steps.
"""
import math
import pathlib

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional

HERE = pathlib.Path(__file__).resolve().parent
torch.set_num_threads(1)
IGNORED = -100


def later(n):
    return torch.ones(n, n, dtype=torch.bool).triu(1)


def gelu_tanh(x):
    return functional.gelu(x, approximate="tanh")


class Positions(nn.Module):
    def __init__(self, most, channels):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(most, channels))

    def forward(self, x):
        return x + self.weight[: x.shape[1]]


class GPT(nn.Module):
    """Learned positions, causal and padded at once, the table of tokens also the output's. A second table, used only once."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(7, 8, padding_idx=0)
        self.tags = nn.Embedding(7, 8, padding_idx=0)
        self.positions = Positions(9, 8)
        common = dict(dropout=0.0, activation=gelu_tanh, batch_first=True)
        self.blocks = nn.ModuleList([nn.TransformerEncoderLayer(8, 2, 12, norm_first=True, **common) for _ in range(2)])
        self.norm = nn.LayerNorm(8)

    def forward(self, ids):
        x = self.positions(self.embed(ids) + self.tags(ids))
        for block in self.blocks:
            x = block(x, src_mask=later(ids.shape[1]), src_key_padding_mask=ids == 0)
        return functional.linear(self.norm(x), self.embed.weight)


def sinusoidal(length, channels):
    """Vaswani et al. 2017, 3.5."""
    x = torch.zeros(length, channels, dtype=torch.float64)
    for p in range(length):
        for i in range(0, channels, 2):
            x[p, i], x[p, i + 1] = math.sin(p / 10000 ** (i / channels)), math.cos(p / 10000 ** (i / channels))
    return x


def rotary(x, theta):
    """Su et al. 2021, of [B, L, H, D]; channels i and i + D / 2 are a pair (as in Llama and GPT-NeoX)."""
    length, half = x.shape[1], x.shape[3] // 2
    angle = torch.arange(length, dtype=torch.float64)[:, None] * theta ** (-torch.arange(half, dtype=torch.float64) / half)
    turn = torch.polar(torch.ones_like(angle), angle)[:, None, :]
    turned = torch.complex(x[..., :half], x[..., half:]) * turn
    return torch.cat([turned.real, turned.imag], dim=-1)


class Grouped(nn.Module):
    """Grouped queries (Ainslie et al. 2023) with rotary positions; parameters named and stacked as in nn.MultiheadAttention."""

    def __init__(self, dim, heads, kv_heads, theta=10000.0, bias=False):
        super().__init__()
        self.dim, self.heads, self.kv_heads, self.theta = dim, heads, kv_heads, theta
        rows = dim + 2 * kv_heads * dim // heads
        self.in_proj_weight = nn.Parameter(torch.randn(rows, dim) / dim ** 0.5)
        self.in_proj_bias = nn.Parameter(torch.randn(rows)) if bias else None
        self.out_proj = nn.Linear(dim, dim, bias=bias)

    def forward(self, x, memory=None, seen=None):
        """seen: true where a key takes part; broadcasts to [B, H, L, S]."""
        memory = x if memory is None else memory
        width = self.dim // self.heads
        parts = [self.dim, self.kv_heads * width, self.kv_heads * width]
        weights = self.in_proj_weight.split(parts)
        biases = [None] * 3 if self.in_proj_bias is None else self.in_proj_bias.split(parts)
        q, k, v = (functional.linear(of, w, b).unflatten(-1, (-1, width)) for of, w, b in zip((x, memory, memory), weights, biases))
        q, k = rotary(q, self.theta), rotary(k, self.theta)
        group = self.heads // self.kv_heads
        q, k, v = q.transpose(1, 2), k.repeat_interleave(group, dim=2).transpose(1, 2), v.repeat_interleave(group, dim=2).transpose(1, 2)
        scores = (q @ k.transpose(-1, -2)) / width ** 0.5
        if seen is not None:
            scores = scores.masked_fill(~seen, -math.inf)
        return self.out_proj((scores.softmax(-1) @ v).transpose(1, 2).flatten(2))


class SwiGLU(nn.Module):
    def __init__(self, dim, hidden):
        super().__init__()
        self.w1, self.w2, self.w3 = nn.Linear(dim, hidden, bias=False), nn.Linear(hidden, dim, bias=False), nn.Linear(dim, hidden, bias=False)

    def forward(self, x):
        return self.w2(functional.silu(self.w1(x)) * self.w3(x))


class LlamaBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention_norm, self.ffn_norm = nn.RMSNorm(16), nn.RMSNorm(16)
        self.attention = Grouped(16, 4, 2, theta=500.0)
        self.feed_forward = SwiGLU(16, 12)

    def forward(self, x):
        x = x + self.attention(self.attention_norm(x), seen=~later(x.shape[1]))
        return x + self.feed_forward(self.ffn_norm(x))


class SiluBlock(nn.Module):
    """etta's TransformerEncoderLayer with options that PyTorch's lacks."""

    def __init__(self):
        super().__init__()
        self.self_attn = Grouped(16, 4, 1, bias=True)
        self.linear1, self.linear2 = nn.Linear(16, 10), nn.Linear(10, 16)
        self.norm1, self.norm2 = nn.LayerNorm(16), nn.LayerNorm(16)

    def forward(self, x, there):
        x = self.norm1(x + self.self_attn(x, seen=~later(x.shape[1]) & there[:, None, None, :]))
        return self.norm2(x + self.linear2(functional.silu(self.linear1(x))))


class Llama(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(6, 16)
        self.block = LlamaBlock()
        self.padded = SiluBlock()
        self.norm = nn.RMSNorm(16, eps=1e-3)
        self.head = nn.Linear(16, 6, bias=False)

    def forward(self, ids):
        x = self.block(self.embed(ids) + sinusoidal(ids.shape[1], 16))
        return self.head(self.norm(self.padded(x, ids != 5)))


class Memory(nn.Module):
    """A target of four positions, a memory of the other five, of which some are padding."""

    def __init__(self):
        super().__init__()
        self.layer = nn.TransformerDecoderLayer(8, 2, 6, dropout=0.0, activation=gelu_tanh, batch_first=True)
        self.cross = Grouped(8, 2, 1, bias=True)
        self.pre = nn.TransformerDecoderLayer(8, 4, 6, dropout=0.0, norm_first=True, batch_first=True)
        self.fc = nn.Linear(32, 3)

    def forward(self, x):
        target, memory = x[:, :4], x[:, 4:]
        padding = memory[:, :, 0] < -0.5
        assert padding.any() and not padding.all(dim=1).any()
        y = self.layer(target, memory, tgt_mask=later(4), memory_key_padding_mask=padding)
        y = y + self.cross(y, memory, ~padding[:, None, None, :])
        return self.fc(self.pre(y, memory, memory_key_padding_mask=padding).flatten(1))


def run(net, x, labels):
    net = net.double().train()
    with torch.no_grad():
        for p in net.parameters():  # no weight 1 and no bias 0
            if p.dim() == 1:
                p.add_(0.2 * torch.randn_like(p))

    def loss_now():
        y = net(x)
        return y, functional.cross_entropy(y.flatten(0, -2), labels.flatten(), ignore_index=IGNORED)

    out = {"start." + k: v.detach().clone() for k, v in net.state_dict().items()}
    y, loss = loss_now()
    loss.backward()
    out.update({"input": x.double(), "labels": labels.int(), "y": y.detach().clone(), "loss": loss.detach().clone().reshape(1)})
    out.update({"gradient." + k: v.grad.clone() for k, v in net.named_parameters()})
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.01, weight_decay=0.1, eps=1e-6)
    for _ in range(10):
        optimizer.zero_grad()
        loss_now()[1].backward()
        optimizer.step()
    out.update({"adamw." + k: v.detach().clone() for k, v in net.state_dict().items()})
    return out


torch.manual_seed(11)
padded = torch.tensor([[3, 1, 4, 6, 5, 2], [2, 6, 5, 0, 0, 0], [1, 1, 0, 3, 0, 0]])
following = torch.where((padded == 0) | (padded.roll(-1, 1) == 0), IGNORED, padded.roll(-1, 1))
plain = torch.tensor([[3, 1, 4, 5, 2, 5], [2, 0, 1, 1, 5, 5], [4, 3, 3, 0, 2, 1]])
out = {}
for name, net, x, labels in (
    ("gpt", GPT(), padded, following),
    ("llama", Llama(), plain, plain.roll(-1, 1)),
    ("memory", Memory(), torch.randn(4, 9, 8, dtype=torch.float64), torch.tensor([0, 2, 1, 2])),
):
    out.update({f"{name}.{k}": v for k, v in run(net, x, labels).items()})
assert (out["gpt.gradient.tags.weight"][0] == 0).all()
save_file({k: v.contiguous() for k, v in out.items()}, HERE / "language.st")
(HERE / "language.st").chmod(0o644)
