from __future__ import annotations

import numpy as np
import pytest

from pipeline.tasks.classification import CLASSIFICATION
from pipeline.tasks.metric import Metric

METRICS = pytest.mark.parametrize("metric", CLASSIFICATION.metrics, ids=CLASSIFICATION.names)


def toy(outputs: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    classes = max(2, outputs)
    y = np.r_[np.arange(classes), rng.integers(0, classes, 70)]
    return rng.normal(size=(len(y), outputs)), y


@pytest.mark.parametrize("outputs", [1, 3])
@METRICS
def test_all_that_a_record_says_of_a_metric_agrees(metric: Metric, outputs: int) -> None:
    logits, y = toy(outputs)
    value = metric.value(logits, y)
    assert metric.bounds[0] <= value <= metric.bounds[1]
    if metric.row_values:
        assert metric.row_values(logits, y).mean() == pytest.approx(value)
        several = np.stack([logits, 2 * logits])
        assert metric.row_values(several, y)[0] == pytest.approx(metric.row_values(logits, y))
    if metric.resampling:
        weighted = metric.resampling.weighted
        assert weighted(logits, y, np.ones((1, len(y))))[0] == pytest.approx(value)
        twice = np.r_[np.arange(len(y)), 0, 5]
        weights = np.bincount(twice, minlength=len(y)).astype(float)[None]
        again = metric.value(logits[twice], y[twice])
        assert weighted(logits, y, weights)[0] == pytest.approx(again)


@METRICS
def test_better_predictions_score_better(metric: Metric) -> None:
    logits, y = toy(1)
    good = metric.value(logits + (2.0 * y - 1)[:, None], y)
    poor = metric.value(logits, y)
    assert metric.meets(good, poor)
    assert not metric.meets(poor, good)
    assert not metric.meets(float("nan"), poor)
    assert metric.better == ("more" if good > poor else "less")


def test_names_are_unique_and_trials_are_scored_by_a_loss() -> None:
    assert len(set(CLASSIFICATION.names)) == len(CLASSIFICATION.names)
    assert CLASSIFICATION.loss in CLASSIFICATION.metrics
    assert not CLASSIFICATION.loss.more_is_better
    assert any(metric.headline for metric in CLASSIFICATION.metrics)


def test_a_metric_without_an_interval_is_refused() -> None:
    with pytest.raises(TypeError, match=r"metric f1 has no interval.*Add either to its record"):
        Metric("f1", "F1", True, (0.0, 1.0), lambda outputs, y: 0.0)
