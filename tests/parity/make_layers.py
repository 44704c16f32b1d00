#!/usr/bin/env python3
"""Writes layers.st, which layers*.cpp and reparametrised.cpp compare with: for groups of PyTorch's layers their parameters, what they make of an input,
the gradients of a weighted sum of that, and the parameters after ten steps of Adam towards ones. Run as make.py is (torch 2.15.0)."""
import pathlib

import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm, weight_norm
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).resolve().parent
torch.manual_seed(5)
torch.set_default_dtype(torch.float64)


class Group(nn.Module):
    """All layers on the same input, their results one after the other."""

    def __init__(self, **layers):
        super().__init__()
        self.names = list(layers)
        for name, layer in layers.items():
            if isinstance(layer, nn.Module):
                setattr(self, name, layer)
            else:
                self.__dict__[name] = layer

    def forward(self, x):
        return torch.cat([getattr(self, name)(x).flatten(1) for name in self.names], 1)


class Separable(nn.Module):
    def __init__(self):
        super().__init__()
        self.depthwise = nn.Conv2d(4, 8, 3, stride=2, padding=1, groups=4, bias=False)
        self.pointwise = nn.Conv2d(8, 5, 1)

    def forward(self, x):
        return self.pointwise(self.depthwise(x))


class Of2(nn.Module):
    """A layer of two inputs: x's two halves along the last axis."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return self.layer(*x.chunk(2, -1))


def hardsigmoid(x):  # (PyTorch's own gradient of doubles has a float's 1/6; CELU's has a float's alpha)
    return (x / 6 + 0.5).clamp(0, 1)


groups = {
    "conv2d": ((2, 4, 7, 9), Group(
        plain=nn.Conv2d(4, 6, 3, stride=2, padding=1),
        sizes=nn.Conv2d(4, 4, (3, 5), stride=(1, 2), padding=(0, 2), dilation=(2, 1), groups=2, bias=False),
        same_extents=nn.Conv2d(4, 3, (4, 3), padding="same", dilation=(1, 2)),
        reflect=nn.Conv2d(4, 8, 3, padding=2, groups=4, padding_mode="reflect"),
        replicate=nn.Conv2d(4, 3, 3, padding=(1, 3), stride=(1, 3), padding_mode="replicate"),
        circular=nn.Conv2d(4, 3, 3, padding=(2, 1), stride=2, padding_mode="circular"),
        separable=Separable())),
    "transposed": ((2, 4, 4, 5), Group(
        plain=nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2),
        sizes=nn.ConvTranspose2d(4, 3, (2, 3), stride=(3, 1), dilation=(1, 2), bias=False))),
    "conv1d": ((2, 4, 11), Group(
        plain=nn.Conv1d(4, 5, 3, stride=2, padding=2, dilation=2),
        circular=nn.Conv1d(4, 6, 4, padding=3, groups=2, padding_mode="circular"),
        transposed=nn.ConvTranspose1d(4, 6, 4, stride=3, padding=1, output_padding=2))),
    "conv3d": ((2, 2, 5, 6, 7), Group(
        plain=nn.Conv3d(2, 4, (2, 3, 3), stride=(2, 1, 2), padding=(1, 0, 2), dilation=(2, 1, 1), groups=2),
        reflect=nn.Conv3d(2, 3, 3, stride=2, padding=1, padding_mode="reflect", bias=False))),
    "pool2d": ((2, 3, 7, 8), Group(
        max=nn.MaxPool2d(3, 2, 1), max_sizes=nn.MaxPool2d((2, 3), (2, 1)),
        avg=nn.AvgPool2d(3, 2, 1), avg_valid=nn.AvgPool2d((3, 2), (2, 2), (1, 0), count_include_pad=False),
        dilated=nn.MaxPool2d((3, 2), (1, 2), 1, dilation=(2, 3)), ceil=nn.MaxPool2d(3, 2, (0, 1), ceil_mode=True),
        avg_ceil=nn.AvgPool2d((2, 3), (2, 3), (1, 1), ceil_mode=True), avg_ceil_valid=nn.AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False),
        lp=nn.LPPool2d(2, (2, 3)), adaptive=nn.AdaptiveAvgPool2d((3, 4)), adaptive_max=nn.AdaptiveMaxPool2d((5, 3)),
        mean=lambda x: x.mean((2, 3)), most=lambda x: x.amax((2, 3)))),
    "pool1d": ((2, 3, 11), Group(
        max=nn.MaxPool1d(3, 2, 1), avg=nn.AvgPool1d(4, 3, 2, count_include_pad=False), lp=nn.LPPool1d(4, 3),
        adaptive=nn.AdaptiveAvgPool1d(4), adaptive_max=nn.AdaptiveMaxPool1d(7))),
    "pool3d": ((2, 2, 4, 5, 6), Group(
        max=nn.MaxPool3d((2, 3, 3), (1, 2, 2), (1, 0, 1)), avg=nn.AvgPool3d((3, 2, 2), (2, 1, 2), (1, 0, 1), count_include_pad=False),
        adaptive=nn.AdaptiveAvgPool3d((3, 2, 4)), adaptive_max=nn.AdaptiveMaxPool3d((2, 3, 4)), lp=nn.LPPool3d(2, 2))),
    "resize": ((2, 4, 3, 5), Group(
        nearest=nn.Upsample(scale_factor=2), odd=nn.Upsample(size=(7, 4)), linear=nn.Upsample(scale_factor=2, mode="bilinear"),
        aligned=nn.Upsample(size=(5, 9), mode="bilinear", align_corners=True), smaller=nn.Upsample(size=(2, 3), mode="bilinear"),
        shuffle=nn.PixelShuffle(2), reflect=nn.ReflectionPad2d((3, 1, 2, 1)), replicate=nn.ReplicationPad2d((1, 4, 2, 3)),
        circular=nn.CircularPad2d((2, 5, 1, 3)), zero=nn.ZeroPad2d((1, 2, 3, 0)), constant=nn.ConstantPad2d((0, 1, 2, 1), -0.5))),
    "more": ((2, 6, 8), Group(
        instance=nn.InstanceNorm1d(6, affine=True), local=nn.LocalResponseNorm(4, alpha=0.3, beta=0.6, k=1.2),
        prelu=nn.PReLU(6), one_slope=nn.PReLU(), glu=nn.GLU(1), soft=nn.Softmin(1), bilinear=Of2(nn.Bilinear(4, 4, 5)),
        cosine=Of2(nn.CosineSimilarity(2)), distance=Of2(nn.PairwiseDistance(3)))),
    "elements": ((2, 7), Group(
        celu=nn.CELU(0.75), elu=nn.ELU(0.6), gelu=nn.GELU(), gelu_tanh=nn.GELU("tanh"), hardshrink=nn.Hardshrink(0.4), hardsigmoid=hardsigmoid,
        hardswish=nn.Hardswish(), hardtanh=nn.Hardtanh(-0.5, 0.8), leaky=nn.LeakyReLU(0.2), logsigmoid=nn.LogSigmoid(), logsoftmax=nn.LogSoftmax(1),
        mish=nn.Mish(), relu6=nn.ReLU6(), selu=nn.SELU(), silu=nn.SiLU(), softplus=nn.Softplus(2), softshrink=nn.Softshrink(0.4),
        softsign=nn.Softsign(), tanhshrink=nn.Tanhshrink(), threshold=nn.Threshold(0.3, -2.0), relu=nn.ReLU(), sigmoid=nn.Sigmoid(), tanh=nn.Tanh(), softmax=nn.Softmax(1))),
    "reparametrised": ((3, 4, 6, 6), Group(
        weight=weight_norm(nn.Conv2d(4, 5, 3)), spectral=spectral_norm(nn.Conv2d(4, 5, 3)))),
    "resize1d": ((2, 3, 7), Group(
        nearest=nn.Upsample(scale_factor=3), linear=nn.Upsample(scale_factor=2, mode="linear"), aligned=nn.Upsample(size=11, mode="linear", align_corners=True),
        reflect=nn.ReflectionPad1d((3, 2)), replicate=nn.ReplicationPad1d((1, 4)), circular=nn.CircularPad1d((2, 5)))),
    "resize3d": ((2, 2, 3, 4, 3), Group(
        nearest=nn.Upsample(scale_factor=2), linear=nn.Upsample(size=(4, 6, 2), mode="trilinear"), reflect=nn.ReflectionPad3d((1, 2, 0, 1, 2, 1)),
        replicate=nn.ReplicationPad3d((0, 1, 2, 1, 1, 0)))),
    "layer_norm": ((2, 3, 4, 5), Group(
        one=nn.LayerNorm(5), two=nn.LayerNorm([4, 5], eps=1e-3, bias=False), three=nn.LayerNorm([3, 4, 5]), plain=nn.LayerNorm([4, 5], elementwise_affine=False))),
}


def etta_name(path):
    path = path.replace("spectral.parametrizations.weight.original", "spectral.layer.weight").replace("spectral.bias", "spectral.layer.bias")
    path = path.replace("weight.parametrizations.weight.original0", "weight.weight_g").replace("weight.parametrizations.weight.original1", "weight.layer.weight")
    return path.replace("weight.bias", "weight.layer.bias")


out = {}
for name, (extents, group) in groups.items():
    x = 1.3 * torch.randn(extents)
    x.requires_grad_()
    for p in group.parameters():
        p.data += 0.1 * torch.randn(p.shape)  # also where layers start alike
    if name == "reparametrised":  # the state before the step
        out[name + ".state.v"] = group.spectral.parametrizations.weight[0]._v.clone()
    y = group(x)
    weights = 1 + 0.7 * torch.sin(1.3 * torch.arange(y.numel()) + 0.5).reshape(y.shape)  # check::weighed
    (y * weights).sum().backward()
    out.update({name + ".x": x.detach(), name + ".y": y.detach(), name + ".dx": x.grad})
    for path, p in group.named_parameters():
        path = etta_name(path)
        out[f"{name}.parameter.{path}"], out[f"{name}.gradient.{path}"] = p.detach().clone(), p.grad.clone()
    if not list(group.parameters()):
        continue
    if name == "reparametrised":
        group.spectral.parametrizations.weight[0]._v.copy_(out[name + ".state.v"])
    optimizer = torch.optim.Adam(group.parameters(), lr=0.01)
    for _ in range(10):
        optimizer.zero_grad()
        ((group(x.detach()) - 1) ** 2).mean().backward()
        optimizer.step()
    out.update({f"{name}.adam.{etta_name(path)}": p.detach() for path, p in group.named_parameters()})
save_file({k: v.contiguous() for k, v in out.items()}, HERE / "layers.st")
