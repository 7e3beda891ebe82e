from __future__ import annotations

import numpy as np
import pytest

from pipeline.evaluation.losses import TEMPERATURES, fitted_temperature, row_losses
from pipeline.tasks.classification import CLASSIFICATION, row_log_loss
from pipeline.tasks.regression import REGRESSION


def overconfident(times: float, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Logits that are this many times as large as the labels bear out."""
    rng = np.random.default_rng(classes)
    if classes == 2:
        z = rng.normal(0, 2, (20_000, 1))
        return times * z, (rng.random(20_000) < 1 / (1 + np.exp(-z[:, 0]))).astype(int)
    z = rng.normal(0, 2, (20_000, classes))
    # Gumbel's trick draws a label from the softmax of the logits.
    return times * z, (z + rng.gumbel(size=z.shape)).argmax(1)


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("times", [0.7, 1.0, 5.0])
def test_temperature_is_how_much_too_sure_the_logits_are(times: float, classes: int) -> None:
    assert fitted_temperature(*overconfident(times, classes)) == pytest.approx(times, rel=0.05)


def test_temperature_stays_within_bounds_when_all_rows_are_right() -> None:
    y = np.array([0, 1, 1])
    assert fitted_temperature(np.array([[-1.0], [2.0], [3.0]]), y) == pytest.approx(
        TEMPERATURES[0], rel=1e-3
    )


def test_losses_are_means_over_the_networks() -> None:
    logits, y = np.array([[[1.0], [-2.0]], [[3.0], [0.5]]]), np.array([1, 0])
    losses = row_losses(logits, y, 2.0, CLASSIFICATION)
    each = [row_log_loss(network, y) for network in logits]
    assert losses["log_loss"] == pytest.approx(np.mean(each, axis=0))
    p = 1 / (1 + np.exp(-logits[..., 0]))
    assert losses["brier"] == pytest.approx(((p - y) ** 2).mean(0))
    halves = [row_log_loss(network / 2, y) for network in logits]
    assert losses["recalibrated"] == pytest.approx(np.mean(halves, axis=0))
    assert np.isnan(row_losses(logits, y, None, CLASSIFICATION)["recalibrated"]).all()


def test_losses_of_a_number_are_squared_and_absolute() -> None:
    predicted, y = np.array([[[11.0], [7.0]], [[13.0], [8.0]]]), np.array([10.0, 8.0])
    losses = row_losses(predicted, y, None, REGRESSION)
    assert losses["squared_error"] == pytest.approx([(1 + 9) / 2, (1 + 0) / 2])
    assert losses["mae"] == pytest.approx([(1 + 3) / 2, (1 + 0) / 2])
    assert np.isnan(losses["recalibrated"]).all()
