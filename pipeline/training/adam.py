"""Adam as Keras computes it, with the gradient of the penalties."""

from __future__ import annotations

import numpy as np

from pipeline.compiled import compiled
from pipeline.training.arrays import Float32s

BETA_1, BETA_2 = 0.9, 0.999
EPSILON = np.float32(1e-7)
TINY = np.finfo(np.float32).tiny
ZERO, ONE, TWO = np.float32(0), np.float32(1), np.float32(2)


@compiled
def adam(
    weight: Float32s,
    mean: Float32s,
    square: Float32s,
    gradient: Float32s,
    l1: np.float32,
    l2: np.float32,
    step_size: np.float32,
) -> None:
    """Take one step of Adam in place, as Keras does: epsilon is added outside the square root.

    mean, square: running means of the gradient and of its square. step_size: the learning rate,
    corrected for the bias of both.
    The gradient of the penalty l1·Σ|w| + l2·Σw² is added in closed form; it is 0 at w = 0. A mean
    below the smallest normal number becomes 0, as in TensorFlow: the means of units that never
    fire decay towards 0, and processors compute slowly with subnormal numbers.
    """
    new_mean, new_square = np.float32(1.0 - BETA_1), np.float32(1.0 - BETA_2)
    for n in range(weight.size):
        w = weight[n]
        sign = ONE if w > ZERO else (-ONE if w < ZERO else ZERO)
        g = gradient[n] + (l1 * sign + TWO * l2 * w)
        m = mean[n] + (g - mean[n]) * new_mean
        m = ZERO if abs(m) < TINY else m
        v = square[n] + (g * g - square[n]) * new_square
        mean[n], square[n] = m, v
        weight[n] = w - step_size * m / (np.sqrt(v) + EPSILON)


@compiled
def shrinking_adam(
    weight: Float32s,
    mean: Float32s,
    square: Float32s,
    gradient: Float32s,
    l1: np.float32,
    l2: np.float32,
    step_size: np.float32,
    kept: np.float32,
    threshold: np.float32,
) -> None:
    """Take one step of Adam as `adam` does, and shrink the weights besides.

    kept: what decoupled weight decay leaves of each weight, before the step is subtracted
    (Loshchilov and Hutter 2019, algorithm 2, as in Keras' AdamW). threshold: of the proximal step
    of an L1 penalty (Yun, Lozano and Yang 2021). Divided by a weight's own root mean square
    gradient it is the length by which the weight then moves towards 0; one that would cross 0 rests
    there.
    """
    new_mean, new_square = np.float32(1.0 - BETA_1), np.float32(1.0 - BETA_2)
    for n in range(weight.size):
        w = weight[n]
        sign = ONE if w > ZERO else (-ONE if w < ZERO else ZERO)
        g = gradient[n] + (l1 * sign + TWO * l2 * w)
        m = mean[n] + (g - mean[n]) * new_mean
        m = ZERO if abs(m) < TINY else m
        v = square[n] + (g * g - square[n]) * new_square
        mean[n], square[n] = m, v
        size = np.sqrt(v) + EPSILON
        moved, length = w * kept - step_size * m / size, threshold / size
        # Compared this way round, a NaN stays a NaN.
        shrunk = ZERO if abs(moved) <= length else moved
        weight[n] = (
            shrunk - length if shrunk > ZERO else (shrunk + length if shrunk < ZERO else shrunk)
        )
