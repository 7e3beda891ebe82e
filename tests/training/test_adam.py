from __future__ import annotations

import keras
import numpy as np
import pytest

from pipeline.training.adam import adam, shrinking_adam

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


def test_step_that_shrinks_nothing_is_the_plain_step() -> None:
    plain, shrinking = draws(), draws()
    strengths = [np.float32(x) for x in (0.01, 0.02, RATE)]
    adam(*plain, *strengths)
    shrinking_adam(*shrinking, *strengths, np.float32(1), np.float32(0))
    for ours, theirs in zip(shrinking, plain, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-9)


def test_proximal_step_is_that_of_the_penalty() -> None:
    """The new weight minimizes l1·|w| + (w - moved)² · size / (2 · rate): none near is better."""
    w, m, v, g = draws()
    threshold = 0.003
    shrinking_adam(
        w, m, v, g, np.float32(0), np.float32(0), np.float32(RATE), np.float32(1),
        np.float32(threshold),
    )  # fmt: skip
    plain, mean, square, gradient = draws()
    adam(plain, mean, square, gradient, np.float32(0), np.float32(0), np.float32(RATE))
    size = np.sqrt(square.astype(float)) + 1e-7

    def objective(weight: np.ndarray) -> np.ndarray:
        return threshold * np.abs(weight) + 0.5 * size * (weight - plain) ** 2

    for nearby in (w + 1e-3, w - 1e-3, 0 * w):
        assert (objective(w.astype(float)) <= objective(nearby.astype(float)) + 1e-12).all()
    assert 0 < (w == 0).sum() < w.size
    np.testing.assert_array_equal(m, mean)


def test_nan_stays_nan_where_weights_shrink() -> None:
    arrays = [np.array([value], np.float32) for value in (1.0, 0.0, 0.0, np.nan)]
    half, none = np.float32(0.5), np.float32(0)
    shrinking_adam(*arrays, none, none, np.float32(RATE), half, half)
    assert np.isnan(arrays[0]).all()


def draws() -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(4)
    w, m, g = (rng.normal(scale=0.05, size=200).astype(np.float32) for _ in range(3))
    return w, m, (rng.uniform(0.001, 0.01, 200)).astype(np.float32), g
