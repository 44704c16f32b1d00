#!/usr/bin/env python3
"""Writes the NPY and NPZ files here, which npy.cpp reads: NumPy's own (2.4.6). And with --read FILE.npz, says what NumPy finds in one that etta wrote."""
import pathlib
import sys

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
if sys.argv[1:2] == ["--read"]:
    for name, a in np.load(sys.argv[2]).items():
        print(name, a.dtype, a.shape, a.tolist())
    sys.exit()
cube = np.arange(24, dtype=np.float64).reshape(2, 3, 4) / 4
np.save(HERE / "fortran.npy", np.asfortranarray(cube))
np.save(HERE / "big_endian.npy", cube.astype(">f4"))
kinds = {t: np.array([0, 1, 2, 100]).astype(t) for t in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?")}
kinds["big"] = np.array([1, -2], dtype=">i4")
kinds["scalar"] = np.float64(2.5)
kinds["empty"] = np.zeros((0, 3))
kinds["x"] = np.arange(12, dtype=np.uint8).reshape(3, 2, 2)
kinds["label"] = np.array([0, 2, 1])
kinds["target"] = np.array([[0.5, 1], [2, 3], [4, 5]])
np.savez(HERE / "plain.npz", **kinds)
np.savez_compressed(HERE / "compressed.npz", **kinds)
