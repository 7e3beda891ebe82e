from __future__ import annotations

import keras
import numpy as np
import pytest

from pipeline.training.adam import adam

RATE = 0.01


def step(
    weight: list[float], mean: list[float], square: list[float], gradient: list[float]
) -> tuple[np.ndarray, np.ndarray]:
    """Return weights and means after a step without penalties."""
    w, m, v, g = (np.array(values, np.float32) for values in (weight, mean, square, gradient))
    none = np.float32(0)
    adam(w, m, v, g, none, none, np.float32(RATE))
    return w, m


def test_first_step_is_that_of_keras() -> None:
    theirs = keras.Variable([1.0, -2.0, 0.5])
    keras.optimizers.Adam(learning_rate=RATE).apply([np.array([0.3, -1e-4, 0.0])], [theirs])
    correction = np.sqrt(1 - 0.999) / (1 - 0.9)
    w, m, v, g = (
        np.array(values, np.float32) for values in ([1, -2, 0.5], [0] * 3, [0] * 3, [0.3, -1e-4, 0])
    )
    adam(w, m, v, g, np.float32(0), np.float32(0), np.float32(RATE * correction))
    np.testing.assert_allclose(w, theirs.numpy(), rtol=1e-6)


def test_means_below_the_smallest_normal_number_are_zero() -> None:
    tiny = float(np.finfo(np.float32).tiny)
    _, mean = step([1.0, 1.0, 1.0], [tiny / 2, -tiny, 4 * tiny], [1.0, 1.0, 1.0], [0.0, 0.0, 0.0])
    assert mean[:2].tolist() == [0.0, 0.0]
    assert mean[2] == pytest.approx(3.6 * tiny)


def test_nan_stays_nan() -> None:
    weight, mean = step([1.0], [0.0], [0.0], [float("nan")])
    assert np.isnan(weight).all()
    assert np.isnan(mean).all()
