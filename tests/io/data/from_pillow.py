#!/usr/bin/env python3
"""Writes the image files here with Pillow (13.0), and pillow.npz: what Pillow reads in them, [channels, height, width]. pictures.cpp and
tests/data/images.cpp read both."""
import io
import pathlib

import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent
random = np.random.default_rng(1)
y, x = np.mgrid[0:5, 0:7]
colour = np.stack([30 * x + 10, 40 * y + 3, 255 - 12 * (x + y)], -1).astype(np.uint8) + random.integers(0, 9, (5, 7, 3), dtype=np.uint8)
grey = colour[:, :, 0]
known = {}


def write(name, image, read=None, **options):
    image.save(HERE / name, **options)
    a = np.asarray(read or Image.open(HERE / name))
    known[name.replace(".", "_")] = (a[None] if a.ndim == 2 else a.transpose(2, 0, 1)).astype(np.float32)


rgb = Image.fromarray(colour)
write("colour.bmp", rgb)
write("grey.bmp", Image.fromarray(grey))
palette = rgb.quantize(6)
write("palette.bmp", palette, palette.convert("RGB"))
rgba = Image.fromarray(np.dstack([colour, grey]))
write("alpha.bmp", rgba, rgb)
write("colour.png", rgb)
write("alpha.png", rgba)
write("grey16.png", Image.fromarray((grey.astype(np.uint16) * 257 + 1)))
write("palette.png", palette, palette.convert("RGB"))
write("colour.jpg", rgb, quality=95, subsampling=0)
write("grey.jpg", Image.fromarray(grey), quality=95)
known["luma"] = np.asarray(rgb.convert("L"), dtype=np.float32)[None]
known["small"] = np.asarray(rgb.resize((4, 3), Image.BILINEAR), dtype=np.float32).transpose(2, 0, 1)
np.savez_compressed(HERE / "pillow.npz", **known)
