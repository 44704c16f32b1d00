#!/usr/bin/env python3
"""Writes images.st: pictures before and after torch.nn.functional.interpolate, grid_sample and pad, which tests/parity/images.cpp
compares with etta's transforms. Needs torch and safetensors; the file is in the repository, so tests need neither.

torchvision's rotate and affine are grid_sample on the affine_grid of an inverse matrix, which is written out here from their
documentation: rotation, shear, scale about the centre, then translation in pixels.
"""
import math
import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.manual_seed(1)
out = {}
x = torch.rand(3, 7, 10).double()  # no side even twice, none a multiple of the other
grey = torch.rand(6, 5).double()
out["x"], out["grey"] = x, grey

sizes = [(14, 20), (7, 5), (3, 4), (9, 23), (1, 1), (2, 17)]
for h, w in sizes:
    for mode in ("nearest", "bilinear", "antialias"):
        kind = dict(mode="nearest") if mode == "nearest" else dict(mode="bilinear", align_corners=False, antialias=mode == "antialias")
        source = x.float() if mode == "nearest" else x
        out[f"resize.{mode}.{h}x{w}"] = F.interpolate(source[None], size=(h, w), **kind)[0]
        out[f"resize_grey.{mode}.{h}x{w}"] = F.interpolate((grey.float() if mode == "nearest" else grey)[None, None], size=(h, w), **kind)[0, 0]


def affine(x, angle, tx, ty, scale, shear_x, shear_y, mode):
    """Forward: p' = T R(angle) Shear scale p about the centre, in pixels, y downwards; grid_sample needs its inverse in -1 .. 1."""
    c, h, w = x.shape
    r, sx, sy = (math.radians(v) for v in (angle, shear_x, shear_y))
    rotate = torch.tensor([[math.cos(r - sy) / math.cos(sy), -math.cos(r - sy) * math.tan(sx) / math.cos(sy) - math.sin(r)],
                           [math.sin(r - sy) / math.cos(sy), -math.sin(r - sy) * math.tan(sx) / math.cos(sy) + math.cos(r)]], dtype=torch.float64)
    back = torch.linalg.inv(scale * rotate)
    move = -back @ torch.tensor([tx, ty], dtype=torch.float64)
    pixels = torch.diag(torch.tensor([w / 2, h / 2], dtype=torch.float64))  # from -1 .. 1
    theta = torch.cat([torch.linalg.inv(pixels) @ back @ pixels, (torch.linalg.inv(pixels) @ move)[:, None]], 1)
    grid = F.affine_grid(theta[None], (1, c, h, w), align_corners=False)
    return F.grid_sample(x[None], grid, mode=mode, padding_mode="zeros", align_corners=False)[0]


# angle, tx, ty, scale, shear x, shear y; none puts a pixel on the border between two
cases = [(0, 0, 0, 1, 0, 0), (17, 0, 0, 1, 0, 0), (-123.4, 0, 0, 1, 0, 0), (0, 2, -3, 1, 0, 0), (0, 0, 0, 0.63, 0, 0), (0, 0, 0, 1.71, 0, 0),
         (0, 0, 0, 1, 11, 0), (0, 0, 0, 1, 0, -23), (33.3, 1, 2, 1.3, -12, 7), (0, 100, 0, 1, 0, 0), (41, -4, 1, 0.4, 20, 10)]
out["affine.cases"] = torch.tensor(cases, dtype=torch.float64)
for i, case in enumerate(cases):
    for mode in ("nearest", "bilinear"):
        out[f"affine.{mode}.{i}"] = affine(x, *case, mode)

for mode in ("constant", "replicate", "reflect"):
    out[f"pad.{mode}"] = F.pad(x[None], (4, 4, 4, 4), mode=mode, **(dict(value=0.25) if mode == "constant" else {}))[0]

# Computed in double, kept as float: etta's images are.
save_file({k: v.float().contiguous() for k, v in out.items()}, str(pathlib.Path(__file__).parent / "images.st"))
