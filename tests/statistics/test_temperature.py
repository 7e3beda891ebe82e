from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, softmax

from pipeline.statistics.temperature import HIGHEST, LOWEST, fit_temperature, tempered
from pipeline.tasks.classification import probabilities, row_log_loss


@pytest.mark.parametrize("true", [0.25, 1.0, 4.0])
def test_temperature_is_found_for_two_classes(true: float) -> None:
    rng = np.random.default_rng(0)
    honest = 2 * rng.normal(size=50_000)
    y = (rng.random(honest.size) < expit(honest)).astype(int)
    assert fit_temperature(true * honest[:, None], y) == pytest.approx(true, rel=0.03)


def test_temperature_is_found_for_three_classes_and_many_networks() -> None:
    rng = np.random.default_rng(1)
    honest = 2 * rng.normal(size=(20_000, 3))
    y = np.array([rng.choice(3, p=p) for p in softmax(honest, axis=1)])
    assert fit_temperature(np.stack([3 * honest, 3 * honest]), y) == pytest.approx(3, rel=0.03)


def test_loss_has_its_minimum_at_the_temperature() -> None:
    rng = np.random.default_rng(2)
    logits, y = 5 * rng.normal(size=(200, 1)), rng.integers(0, 2, 200)
    y[:150] = logits[:150, 0] > 0
    best = fit_temperature(logits, y)

    def loss(temperature: float) -> float:
        return float(row_log_loss(tempered(logits, temperature), y).mean())

    assert loss(best) <= min(loss(best * 1.01), loss(best / 1.01), loss(1.0))


def test_scaling_changes_no_rank_and_no_class() -> None:
    logits = np.random.default_rng(3).normal(size=(40, 4))
    p, scaled = probabilities(logits), probabilities(tempered(logits, 2.5))
    assert (p.argmax(1) == scaled.argmax(1)).all()
    assert (p.max(1) > scaled.max(1)).all()


def test_networks_that_are_never_wrong_or_always_stop_at_the_bounds() -> None:
    logits = np.array([[1.0], [-1.0], [2.0], [-2.0]])
    right = np.array([1, 0, 1, 0])
    assert fit_temperature(logits, right) < 10 * LOWEST
    assert fit_temperature(logits, 1 - right) > HIGHEST / 10
    assert np.isfinite(row_log_loss(tempered(1e4 * logits, LOWEST), right)).all()
