"""Compute the probabilities, or the numbers, of a saved network with NumPy.

A served model carries a copy of this file, so it stands alone and imports nothing of this project.
`portable.py` writes the files that it reads; the Keras network is the definition.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from threadpoolctl import ThreadpoolController

Float32s = npt.NDArray[np.float32]
# In blocks of so many rows, a layer's outputs stay in a core's cache.
BLOCK_ROWS = 1024
BLAS = ThreadpoolController().select(user_api="blas")
# A limit is the whole process', and ends by setting what it was when it began: of two limits that
# overlap, the last to end would leave the other's behind.
ONE_AT_A_TIME = threading.Lock()
# The exponential of more has no double-precision number.
LARGEST_EXPONENT = 700.0
# Klambauer et al. 2017, "Self-normalizing neural networks".
SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805


class Layer(NamedTuple):
    """A dense layer: z = x · kernel + bias, then z · scale + shift, then the activation.

    kernel: (in, out). bias, scale, shift: (out,). scale and shift are batch normalization at
    inference; both are None without it.
    """

    kernel: Float32s
    bias: Float32s
    scale: Float32s | None
    shift: Float32s | None
    activation: str


def read_layers(path: str | Path) -> list[Layer]:
    """Read a network from a file of arrays, none of which is pickled."""
    with np.load(path, allow_pickle=False) as file:
        return [
            Layer(
                file[f"kernel_{number}"],
                file[f"bias_{number}"],
                *_affine(file.get(f"norm_{number}"), float(file["norm_epsilon"])),
                activation,
            )
            for number, activation in enumerate(file["activations"].tolist())
        ]


def _affine(norm: Float32s | None, epsilon: float) -> tuple[Float32s | None, Float32s | None]:
    """Return the scale and shift that batch normalization comes to at inference.

    norm: (4, out) its scale, shift, moving mean and moving variance.
    """
    if norm is None:
        return None, None
    gamma, beta, mean, variance = norm.astype(np.float64)
    scale = gamma / np.sqrt(variance + epsilon)
    return scale.astype(np.float32), (beta - mean * scale).astype(np.float32)


# Layers, or a function from prepared rows to the same outputs.
Network = list[Layer] | Callable[[Float32s], Float32s]


def probabilities(layers: Network, x: Float32s) -> Float32s:
    """Return the (row, class) probabilities of prepared rows.

    x: (row, feature). A single output is the probability of the second of two classes.
    """
    p = _in_blocks(layers, x)
    return np.concatenate([1 - p, p], axis=1) if p.shape[1] == 1 else p


class Number(NamedTuple):
    """How an output becomes the number that is served, and its interval.

    logarithm: whether the network learned the logarithm of 1 + the target. mean, deviation: of what
    it learned, before it was standardized. reach: half the width of the interval, in the same.
    """

    logarithm: float
    mean: float
    deviation: float
    reach: float


def read_number(path: str | Path) -> Number | None:
    """Read how outputs become numbers; None for a network that tells classes apart."""
    with np.load(path, allow_pickle=False) as file:
        return Number(*file["number"].tolist()) if "number" in file else None


def numbers(layers: Network, number: Number, x: Float32s) -> npt.NDArray[np.float64]:
    """Return the (row, 3) predicted number of prepared rows, and the ends of its interval."""
    bent = _in_blocks(layers, x).astype(np.float64) * number.deviation + number.mean
    ends = bent + number.reach * np.array([0.0, -1.0, 1.0])
    return np.expm1(np.minimum(ends, LARGEST_EXPONENT)) if number.logarithm else ends


def _in_blocks(layers: Network, x: Float32s) -> Float32s:
    """Return the (row, output) outputs of prepared rows."""
    if callable(layers):
        return layers(x)
    starts = range(0, len(x), BLOCK_ROWS)
    # Threads of BLAS wait for each other by spinning: on a busy machine several are much slower
    # than one, and layers of this size are quick enough on one.
    with ONE_AT_A_TIME, BLAS.limit(limits=1):
        return np.concatenate([_outputs(layers, x[start : start + BLOCK_ROWS]) for start in starts])


def _outputs(layers: list[Layer], x: Float32s) -> Float32s:
    # exp overflows to infinity, of which the reciprocal is the right 0.
    with np.errstate(over="ignore"):
        for layer in layers:
            z = x @ layer.kernel
            z += layer.bias
            if layer.scale is not None and layer.shift is not None:
                z *= layer.scale
                z += layer.shift
            x = ACTIVATIONS[layer.activation](z)
    return x


def _sigmoid(z: Float32s) -> Float32s:
    p: Float32s = np.reciprocal(1 + np.exp(-z))
    return p


def _softmax(z: Float32s) -> Float32s:
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    p: Float32s = powers / powers.sum(axis=1, keepdims=True)
    return p


def _elu(z: Float32s) -> Float32s:
    return np.where(z > 0, z, np.expm1(np.minimum(z, 0)))


def _selu(z: Float32s) -> Float32s:
    below = np.float32(SELU_ALPHA) * np.expm1(np.minimum(z, 0))
    return np.float32(SELU_SCALE) * np.where(z > 0, z, below)


def _gelu(z: Float32s) -> Float32s:
    # NumPy has no error function.
    scaled = (z.ravel() * np.float32(math.sqrt(0.5))).tolist()
    erf = np.fromiter(map(math.erf, scaled), np.float32, z.size).reshape(z.shape)
    return z * np.float32(0.5) * (1 + erf)


def _softplus(z: Float32s) -> Float32s:
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


ACTIVATIONS: Mapping[str, Callable[[Float32s], Float32s]] = {
    "linear": lambda z: z,
    # A NaN stays a NaN.
    "relu": lambda z: np.maximum(z, 0, out=z),
    "tanh": np.tanh,
    "sigmoid": _sigmoid,
    "softmax": _softmax,
    "elu": _elu,
    "selu": _selu,
    "gelu": _gelu,
    "silu": lambda z: z * _sigmoid(z),
    "softplus": _softplus,
}
