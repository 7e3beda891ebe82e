"""Activations and their derivatives as Keras defines them, in compiled loops over flat arrays."""

from __future__ import annotations

import math

import numpy as np

from pipeline.compiled import compiled
from pipeline.training.arrays import Float32s

NAMES = ("linear", "relu", "tanh", "sigmoid", "elu", "selu", "gelu", "silu", "softplus")
LINEAR, RELU, TANH, SIGMOID, ELU, SELU, GELU, SILU, SOFTPLUS = range(len(NAMES))
# Klambauer et al. 2017, "Self-normalizing neural networks".
SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805
ROOT_HALF, ROOT_TWO_PI = math.sqrt(0.5), math.sqrt(2.0 * math.pi)
ZERO, ONE = np.float32(0), np.float32(1)


@compiled
def activate(name: int, z: Float32s, activated: Float32s) -> None:
    """Fill `activated` with the activation of z.

    name: index of the activation in `NAMES`.
    """
    # ReLU has a loop of its own, which the compiler vectorizes; the others call the mathematical
    # library number by number.
    if name == RELU:
        for n in range(z.size):
            # Compared this way round, a NaN stays a NaN.
            activated[n] = ZERO if z[n] <= ZERO else z[n]
    elif name == LINEAR:
        for n in range(z.size):
            activated[n] = z[n]
    else:
        for n in range(z.size):
            activated[n] = _value(name, float(z[n]))


@compiled
def multiply_by_derivative(name: int, z: Float32s, gradient: Float32s) -> None:
    """Multiply the gradient by the activation's derivative at z."""
    if name == RELU:
        for n in range(z.size):
            gradient[n] = ZERO if z[n] <= ZERO else gradient[n]
    elif name != LINEAR:
        for n in range(z.size):
            gradient[n] *= np.float32(_derivative(name, float(z[n])))


@compiled
def _value(name: int, z: float) -> float:
    if name == TANH:
        return math.tanh(z)
    if name == SIGMOID:
        return _sigmoid(z)
    if name == ELU:
        return z if z > 0 else math.expm1(z)
    if name == SELU:
        return SELU_SCALE * (z if z > 0 else SELU_ALPHA * math.expm1(z))
    if name == GELU:
        return z * 0.5 * (1.0 + math.erf(z * ROOT_HALF))
    if name == SILU:
        return z * _sigmoid(z)
    return max(z, 0.0) + math.log1p(math.exp(-abs(z)))


@compiled
def _derivative(name: int, z: float) -> float:
    if name == TANH:
        return 1.0 - math.tanh(z) ** 2
    s = _sigmoid(z)
    if name == SIGMOID:
        return s * (1.0 - s)
    if name == ELU:
        return 1.0 if z > 0 else math.exp(z)
    if name == SELU:
        return SELU_SCALE * (1.0 if z > 0 else SELU_ALPHA * math.exp(z))
    if name == GELU:
        normal = math.exp(-0.5 * z * z) / ROOT_TWO_PI
        return 0.5 * (1.0 + math.erf(z * ROOT_HALF)) + z * normal
    if name == SILU:
        return s * (1.0 + z * (1.0 - s))
    return s


@compiled
def _sigmoid(z: float) -> float:
    return 1.0 / (1.0 + math.exp(-z))
