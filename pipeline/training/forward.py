"""Fitted networks of one architecture on rows of any number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import keras
import numpy as np
import tensorflow as tf

from pipeline.training.fit import FloatArray
from pipeline.training.network import NORM_EPSILON, Architecture

# Activations of one block, over all members: 64 MB of floats.
BLOCK_ACTIVATIONS = 2**24


def forward(
    architecture: Architecture, networks: Sequence[list[FloatArray]], x: FloatArray
) -> FloatArray:
    """(member, row, output) logits of networks, as at inference, on the same rows x.

    networks: of each, its weights in the order of `keras.Model.get_weights()`.
    """
    weights = [tf.constant(np.stack(arrays)) for arrays in zip(*networks, strict=True)]
    widest = max(architecture.features, *(layer.units for layer in architecture.layers))
    length = max(1, BLOCK_ACTIVATIONS // (widest * len(networks)))
    blocks = [
        _logits(architecture, iter(weights), tf.constant(x[start : start + length], tf.float32))
        for start in range(0, len(x), length)
    ]
    return np.concatenate([block.numpy() for block in blocks], axis=1)


def _logits(architecture: Architecture, weights: Iterator[tf.Tensor], x: tf.Tensor) -> tf.Tensor:
    a = tf.broadcast_to(x, (1, *x.shape))
    for layer in architecture.layers:
        a = tf.matmul(a, next(weights)) + next(weights)[:, tf.newaxis]
        if architecture.batch_norm:
            scale, shift, mean, variance = (next(weights)[:, tf.newaxis] for _ in range(4))
            a = (a - mean) * tf.math.rsqrt(variance + NORM_EPSILON) * scale + shift
        a = keras.activations.get(layer.activation)(a)
    return tf.matmul(a, next(weights)) + next(weights)[:, tf.newaxis]
