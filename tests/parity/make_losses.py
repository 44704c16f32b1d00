#!/usr/bin/env python3
"""Writes losses.st, which losses.cpp and losses_of_classes.cpp compare with: values and gradients of PyTorch's losses, in their order. Run
as make.py is (torch 2.15.0)."""
import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).resolve().parent
torch.manual_seed(11)
N, C = 5, 4
f64 = torch.float64
y = 1.5 * torch.randn(N, C, dtype=f64)
t = torch.rand(N, C, dtype=f64)
hard = (t > 0.5).to(f64)
sign = 2 * hard - 1
counts = torch.tensor([[0, 1, 3, 7], [2, 2, 0, 1], [5, 0, 0, 1], [1, 1, 1, 1], [4, 9, 2, 0]], dtype=f64)
soft = torch.softmax(torch.randn(N, C, dtype=f64), 1)
soft_with_zero = soft.clone()
soft_with_zero[1, 2] = 0
weight = torch.rand(N, C, dtype=f64) + 0.1
per_class = torch.tensor([0.5, 2.0, 1.0, 0.25], dtype=f64)
labels = torch.tensor([2, 0, 3, 3, 1])
some = torch.tensor([2, -1, 3, 0, 1])
other = 1.5 * torch.randn(N, C, dtype=f64)
third = 1.5 * torch.randn(N, C, dtype=f64)
pair = torch.tensor([1, -1, -1, 1, -1], dtype=f64)
lists = torch.tensor([[3, 0, -1, 1], [-1, 0, 1, 2], [0, 1, 2, 3], [2, -1, -1, -1], [1, 3, 0, -1]])
variance = torch.rand(N, C, dtype=f64) + 0.2
variance[0, 0] = 1e-8

groups = {
    "numbers": [
        lambda y: F.mse_loss(y, t),
        lambda y: F.mse_loss(y, t, reduction="sum"),
        lambda y: F.mse_loss(y, t, weight=weight),
        lambda y: F.l1_loss(y, t),
        lambda y: F.l1_loss(y, t, weight=weight),
        lambda y: F.huber_loss(y, t, delta=0.7),
        lambda y: F.huber_loss(y, t, delta=0.7, weight=weight),
        lambda y: F.smooth_l1_loss(y, t, beta=0.6),
        lambda y: F.smooth_l1_loss(y, t, beta=0.0),
        lambda y: F.gaussian_nll_loss(y, t, variance),
        lambda y: F.gaussian_nll_loss(y, t, variance, full=True, reduction="sum"),
        lambda y: F.poisson_nll_loss(y, counts),
        lambda y: F.poisson_nll_loss(y, counts, full=True),
        lambda y: F.poisson_nll_loss(y.exp(), counts, log_input=False, full=True, reduction="sum"),
        lambda y: F.kl_div(F.log_softmax(y, 1), soft_with_zero),
        lambda y: F.kl_div(F.log_softmax(y, 1), soft.log(), log_target=True, reduction="batchmean"),
    ],
    "truths": [
        lambda y: F.binary_cross_entropy(y.sigmoid(), t),
        lambda y: F.binary_cross_entropy(y.sigmoid(), hard, weight=weight, reduction="sum"),
        lambda y: F.binary_cross_entropy_with_logits(y, t),
        lambda y: F.binary_cross_entropy_with_logits(y, hard, weight=weight, pos_weight=per_class),
        lambda y: F.multilabel_soft_margin_loss(y, hard),
        lambda y: F.multilabel_soft_margin_loss(y, hard, weight=per_class, reduction="sum"),
        lambda y: F.soft_margin_loss(y, sign),
        lambda y: F.hinge_embedding_loss(y, sign, margin=0.8),
        lambda y: F.multilabel_margin_loss(y, lists),
    ],
    "classes": [
        lambda y: F.cross_entropy(y, labels),
        lambda y: F.cross_entropy(y, labels, weight=per_class),
        lambda y: F.cross_entropy(y, labels, label_smoothing=0.1),
        lambda y: F.cross_entropy(y, some, ignore_index=-1),
        lambda y: F.cross_entropy(y, some, weight=per_class, ignore_index=-1, label_smoothing=0.2),
        lambda y: F.cross_entropy(y, labels, weight=per_class, ignore_index=3, label_smoothing=0.2, reduction="sum"),
        lambda y: F.cross_entropy(y, soft),
        lambda y: F.cross_entropy(y, soft, weight=per_class, label_smoothing=0.3),
        lambda y: F.nll_loss(F.log_softmax(y, 1), labels, weight=per_class, reduction="sum"),
        lambda y: F.multi_margin_loss(y, labels),
        lambda y: F.multi_margin_loss(y, labels, p=2, margin=0.6, weight=per_class),
    ],
    "pairs": [
        lambda y: F.cosine_embedding_loss(y, other, pair, margin=0.1),
        lambda y: F.margin_ranking_loss(y, other, sign, margin=0.3),
        lambda y: F.triplet_margin_loss(y, other, third),
        lambda y: F.triplet_margin_loss(y, other, third, margin=2, p=1),
        lambda y: F.triplet_margin_loss(y, other, third, margin=1.5, p=3, swap=True, reduction="sum"),
        lambda y: F.pairwise_distance(y, other).sum(),
        lambda y: F.cosine_similarity(y, other).sum(),
    ],
}
out = dict(y=y, t=t, hard=hard, sign=sign, counts=counts, soft=soft, soft_with_zero=soft_with_zero, weight=weight,
           per_class=per_class, labels=labels.int(), some=some.int(), other=other, third=third, pair=pair, lists=lists.int(),
           variance=variance)
for name, losses in groups.items():
    values, gradients = [], []
    for loss in losses:
        x = y.clone().requires_grad_()
        value = loss(x)
        value.backward()
        values.append(value.detach()), gradients.append(x.grad)
    out[name + ".values"], out[name + ".gradients"] = torch.stack(values), torch.stack(gradients)
save_file(out, HERE / "losses.st")
