#!/usr/bin/env python3
"""Writes losses_keras.st, which losses_keras.cpp compares with: values and gradients of losses that PyTorch does not have, by Keras
(3.15.1 on JAX) and, for quantiles, by scikit-learn (1.9.1) with the gradient of the same formula."""
import os
import pathlib

os.environ["KERAS_BACKEND"] = "jax"
import jax

jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp
import keras
import numpy as np
from keras import losses
from keras.src.backend.common import dtypes
from safetensors.numpy import save_file
from sklearn.metrics import mean_pinball_loss

HERE = pathlib.Path(__file__).resolve().parent
keras.config.set_floatx("float64")
dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"  # else Keras computes means and maxima of doubles in float, except on TensorFlow
rng = np.random.default_rng(23)
N, C = 5, 4
y = 1.5 * rng.normal(size=(N, C))
t = rng.random((N, C))
hard = (t > 0.5) * 1.0
sign = 2 * hard - 1
weight = rng.random((N, 1)) + 0.1  # of the samples
q = np.array([0.05, 0.5, 0.75, 0.9])  # of the columns
sigmoid = jax.nn.sigmoid


def pinball(y, alpha, w=None):
    """The formula, for the gradient; its value is scikit-learn's (see below)."""
    e = t - y
    values = jnp.maximum(alpha * e, (alpha - 1) * e)
    return values.mean() if w is None else (values * w).sum() / (C * w.sum())


for alpha, w in [(0.5, None), (0.1, None), (q, None), (0.8, weight)]:
    theirs = np.mean([mean_pinball_loss(t[:, c], y[:, c], alpha=np.broadcast_to(alpha, C)[c], sample_weight=None if w is None else w[:, 0]) for c in range(C)])
    assert abs(theirs - pinball(y, alpha, w)) < 1e-14, (theirs, alpha)

groups = {
    "margins": [
        lambda y: losses.Hinge()(hard, y),
        lambda y: losses.Hinge()(sign, y),
        lambda y: losses.Hinge()(hard, y, sample_weight=weight[:, 0]),
        lambda y: losses.Hinge(reduction="sum")(sign, y) * C,  # Keras' sum is over the samples' means
        lambda y: losses.SquaredHinge()(hard, y),
        lambda y: losses.SquaredHinge()(sign, y, sample_weight=weight[:, 0]),
    ],
    "numbers": [
        lambda y: losses.LogCosh()(t, y),
        lambda y: losses.LogCosh()(10 * t, 30 * y),
        lambda y: losses.LogCosh(reduction="mean_with_sample_weight")(t, y, sample_weight=weight[:, 0]),
        lambda y: pinball(y, 0.5),
        lambda y: pinball(y, 0.1),
        lambda y: pinball(y, q),
        lambda y: pinball(y, 0.8, weight),
    ],
    "truths": [
        lambda y: losses.BinaryFocalCrossentropy(from_logits=True)(hard, y),
        lambda y: losses.BinaryFocalCrossentropy(from_logits=True, apply_class_balancing=True)(hard, y),
        lambda y: losses.BinaryFocalCrossentropy(from_logits=True, apply_class_balancing=True, alpha=0.7, gamma=1.0)(hard, y),
        lambda y: losses.BinaryFocalCrossentropy(from_logits=True, gamma=3.5)(hard, y, sample_weight=weight[:, 0]),
        lambda y: losses.BinaryFocalCrossentropy(from_logits=True, gamma=0.0)(hard, y),
        lambda y: losses.BinaryFocalCrossentropy(from_logits=True, apply_class_balancing=True, label_smoothing=0.2)(hard, y),
        lambda y: losses.Dice()(hard, sigmoid(y)),
        lambda y: losses.Dice()(t, sigmoid(y)),
        lambda y: losses.Dice(axis=-1)(hard, sigmoid(y)),
    ],
}
out = dict(y=y, t=t, hard=hard, sign=sign, weight=weight, q=q)
for name, group in groups.items():
    values, gradients = [], []
    for loss in group:
        value, gradient = jax.value_and_grad(loss)(jnp.asarray(y))
        assert value.dtype == gradient.dtype == np.float64, (name, len(values))
        values.append(value), gradients.append(gradient)
    out[name + ".values"], out[name + ".gradients"] = np.stack(values), np.stack(gradients)
save_file(out, HERE / "losses_keras.st")
