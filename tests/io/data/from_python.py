#!/usr/bin/env python3
"""Makes from_python.st, a file written by Python's own safetensors package (pip install numpy safetensors).

The name does not end in .safetensors, because files of that name are ignored by git here.
"""
import pathlib

import numpy
from safetensors.numpy import save

tensors = {
    "bias": numpy.array([0.5, -1.25, 3.0], dtype=numpy.float64),
    "conv.weight": numpy.arange(12, dtype=numpy.float32).reshape(2, 3, 2) / 4,
    "empty": numpy.zeros((0, 4), dtype=numpy.float32),
    "half": numpy.array([1.0, -2.5, 65504.0, 6e-8], dtype=numpy.float16),
    "labels": numpy.array([-1, 2, 2**31 - 1], dtype=numpy.int32),
    "mask": numpy.array([True, False, True]),
    "pixels": numpy.array([[0, 255], [7, 128]], dtype=numpy.uint8),
    "scalar": numpy.array(42, dtype=numpy.int64),
    "größe \"q\"\n": numpy.array([1], dtype=numpy.int16),
}
(pathlib.Path(__file__).parent / "from_python.st").write_bytes(save(tensors, metadata={"format": "np"}))
