#!/usr/bin/env python3
"""Writes scale.st, which scale.cpp compares with: scikit-learn's scalers and SimpleImputer (scikit-learn 1.9.1)."""
import pathlib

import numpy as np
from safetensors.numpy import save_file
from sklearn import impute
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
# With gaps: scalers pass over them, imputers fill them.
rng = np.random.default_rng(3)
gaps, more = np.round(rng.normal(size=(25, 5)) * [1, 10, 2, 3, 4], 1), rng.normal(size=(4, 5))
gaps[rng.random(gaps.shape) < 0.3] = np.nan
more[rng.random(more.shape) < 0.4] = np.nan
out |= {"gaps": gaps, "more": more}
for name, s in {"gaps_standard": p.StandardScaler(), "gaps_min_max": p.MinMaxScaler(), "gaps_robust": p.RobustScaler(), "gaps_max_abs": p.MaxAbsScaler(),
                "mean": impute.SimpleImputer(), "median": impute.SimpleImputer(strategy="median"),
                "most_frequent": impute.SimpleImputer(strategy="most_frequent"),
                "constant": impute.SimpleImputer(strategy="constant", fill_value=-2.5)}.items():
    out[name] = s.fit(gaps).transform(more)
save_file(out, HERE / "scale.st")
