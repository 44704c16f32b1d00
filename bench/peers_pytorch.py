#!/usr/bin/env python3
"""PyTorch 2 for training, as its users write it: eager, fused optimizers, its own attention. Speaks bench.hpp's protocol (--list,
--serve). run.py starts it where BENCH_PYTHON names a Python that has torch (pip install torch numpy)."""
import json
import os
import resource
import statistics
import sys
import time

WORKLOADS = {}


def workload(name):
    def add(make):
        WORKLOADS[name] = make
        return make

    return add


def training(network, optimizer, x, y, loss):
    def step():
        optimizer.zero_grad(set_to_none=True)
        loss(network(x), y).backward()
        optimizer.step()

    return step


RATE = 1e-6  # as in workloads.hpp


@workload("T1.mlp.adam.b64")
def mlp():
    net = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    return training(net, torch.optim.Adam(net.parameters(), RATE, fused=True), torch.rand(64, 784), torch.arange(64) * 7 % 10, functional.cross_entropy)


@workload("T2.lenet.sgdm.b64")
def lenet():
    net = nn.Sequential(nn.Conv2d(1, 8, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(256, 120), nn.ReLU(),
                        nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))
    return training(net, torch.optim.SGD(net.parameters(), RATE, momentum=0.9, fused=True), torch.rand(64, 1, 28, 28), torch.arange(64) * 7 % 10, functional.cross_entropy)


@workload("T3.lstm32.seq64.b32.adam")
def lstm():
    class Last(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm, self.head = nn.LSTM(1, 32), nn.Linear(32, 1)

        def forward(self, x):
            return self.head(self.lstm(x)[0][-1])

    net = Last()
    return training(net, torch.optim.Adam(net.parameters(), RATE, fused=True), torch.rand(64, 32, 1), torch.rand(32, 1), functional.mse_loss)


@workload("T4.transformer.b8.s64.d128.adamw")
def transformer():
    class Language(nn.Module):
        def __init__(self, ids=65, length=64, width=128, heads=4):
            super().__init__()
            self.heads = heads
            self.tokens, self.positions = nn.Embedding(ids, width), nn.Embedding(length, width)
            self.norm1, self.norm2, self.norm = nn.LayerNorm(width), nn.LayerNorm(width), nn.LayerNorm(width)
            self.qkv, self.out, self.linear1, self.linear2 = nn.Linear(width, 3 * width), nn.Linear(width, width), nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
            self.head = nn.Linear(width, ids)
            self.register_buffer("places", torch.arange(length))

        def forward(self, x):
            n, length = x.shape
            h = self.tokens(x) + self.positions(self.places)
            q, k, v = self.qkv(self.norm1(h)).view(n, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
            h = h + self.out(functional.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(n, length, -1))
            h = h + self.linear2(functional.gelu(self.linear1(self.norm2(h))))
            return self.head(self.norm(h))

    net = Language()
    x = torch.arange(8 * 64).view(8, 64) * 31 % 65
    y = ((torch.arange(8 * 64) + 1) * 31 % 65).view(8, 64)
    return training(net, torch.optim.AdamW(net.parameters(), RATE, fused=True), x, y, lambda p, t: functional.cross_entropy(p.view(-1, 65), t.view(-1)))


def seconds_of(step, calls):
    start = time.perf_counter()
    for _ in range(calls):
        step()
    return time.perf_counter() - start


def warm(step, seconds):
    start = time.perf_counter()
    while time.perf_counter() - start < seconds:
        step()


def measure(name, step, calls, milliseconds):
    warm(step, 0.003)
    samples, start = [], time.perf_counter()
    while len(samples) < 3 or (time.perf_counter() - start < milliseconds / 1000 and len(samples) < 1001):
        samples.append(1e9 * seconds_of(step, calls) / calls)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"workload": name, "peer": f"PyTorch {torch.__version__.split('+')[0]}", "threads": torch.get_num_threads(), "median_ns": round(statistics.median(samples), 2),
                      "min_ns": round(min(samples), 2), "samples": len(samples), "cpu_s": round(usage.ru_utime + usage.ru_stime, 3)}), flush=True)


def main():
    wanted = next((a for a in sys.argv[1:] if not a.startswith("--")), "")
    if "--list" in sys.argv:
        return print("\n".join(WORKLOADS))
    global torch, nn, functional
    import torch
    from torch import nn
    from torch.nn import functional

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    requests = (line.split() for line in sys.stdin) if "--serve" in sys.argv else ((name, "300") for name in WORKLOADS if wanted in name)
    ready = {}
    for name, milliseconds in requests:
        if name not in ready:
            torch.manual_seed(1)
            step = WORKLOADS[name]()
            warm(step, 0.1)
            ready[name] = step, max(1, round(1e-3 / (seconds_of(step, 10) / 10)))
        measure(name, *ready[name], float(milliseconds))


main()
