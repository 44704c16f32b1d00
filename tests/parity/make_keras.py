#!/usr/bin/env python3
"""Writes the weights of Keras models by their paths, as NPZ, with an input (x) and the model's output (y), which keras.cpp loads and
compares with: convolutions of every kind and a dense layer behind Flatten; recurrent layers, one and both ways; normalisation. All in double.

Keras 3.15 on PyTorch 2.15.
"""
import os
import pathlib

os.environ["KERAS_BACKEND"] = "torch"
import keras
import numpy as np
from keras import layers
from keras.src.backend.common import dtypes

HERE = pathlib.Path(__file__).resolve().parent
keras.config.set_floatx("float64")
keras.config.set_dtype_policy("float64")
dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"  # else its products and normalisation are in float
numbers = np.random.default_rng(3)


def write(name, x, inputs, outputs):
    model = keras.Model(inputs, outputs)
    for w in model.weights:  # biases and statistics too are not those of the start
        r = numbers.uniform(-0.5, 0.5, w.shape)
        w.assign(r + 1 if "variance" in w.path or "gamma" in w.path else r)
    y = keras.ops.convert_to_numpy(model(x, training=False))
    np.savez(HERE / f"keras.{name}.npz", x=x.astype(np.float64), y=y, **{w.path: w.numpy() for w in model.weights})


picture = keras.Input((7, 6, 2))
h = layers.Conv2D(3, (2, 3), activation="relu")(picture)
h = layers.DepthwiseConv2D(2, depth_multiplier=2)(h)
h = layers.SeparableConv2D(4, (2, 1), depth_multiplier=2, activation="tanh")(h)
h = layers.Conv2DTranspose(2, (3, 2), strides=2)(h)
write("picture", numbers.standard_normal((3, 7, 6, 2)), picture, layers.Dense(3)(layers.Flatten()(h)))

letters = keras.Input((5,))
h = layers.Embedding(6, 3)(letters)
h = layers.SeparableConv1D(4, 2)(h)
h = layers.Bidirectional(layers.GRU(3, return_sequences=True))(h)
h = layers.GRU(3, return_sequences=True, use_bias=False)(h)
h = layers.LSTM(4, return_sequences=True)(h)
write("sequence", numbers.integers(0, 6, (3, 5)), letters, layers.SimpleRNN(2)(h))

numbers_in = keras.Input((4,))
write("norm", numbers.standard_normal((3, 4)), numbers_in, layers.BatchNormalization()(layers.LayerNormalization()(numbers_in)))
