#!/usr/bin/env python3
"""Writes scale.st, which scale.cpp compares with: scikit-learn's scalers (scikit-learn 1.9.1)."""
import pathlib

import numpy as np
from safetensors.numpy import save_file
from sklearn import preprocessing as p

HERE = pathlib.Path(__file__).resolve().parent
rng = np.random.default_rng(2)
train = rng.normal(size=(25, 5)) * [1, 10, 0.1, 1, 0] + [0, 5, -3, 0, 0.1]  # the last column does not vary
train[3, 1] = 1e4
test = rng.normal(size=(4, 5)) * 3
out = {"train": train, "test": test}
for name, s in {"standard": p.StandardScaler(), "no_mean": p.StandardScaler(with_mean=False), "no_std": p.StandardScaler(with_std=False),
                "min_max": p.MinMaxScaler(), "range": p.MinMaxScaler((-1, 3)), "robust": p.RobustScaler(), "deciles": p.RobustScaler(quantile_range=(10, 90)),
                "max_abs": p.MaxAbsScaler()}.items():
    out[name] = s.fit(train).transform(test)
save_file(out, HERE / "scale.st")
