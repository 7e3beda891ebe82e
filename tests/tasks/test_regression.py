from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as sk

from pipeline.tasks.known import TASKS, task_of
from pipeline.tasks.regression import REGRESSION, squared_error_terms, weighted_median_error

SKLEARN = {
    "rmse": sk.root_mean_squared_error,
    "mae": sk.mean_absolute_error,
    "r2": sk.r2_score,
    "median_error": sk.median_absolute_error,
    "squared_error": sk.mean_squared_error,
}


@pytest.fixture(params=[40, 41])
def made(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(request.param)
    y = 1e4 + rng.normal(0, 30, request.param)
    return (y + rng.normal(0, 9, request.param))[:, None], y


def test_metrics_are_those_of_scikit_learn(made: tuple[np.ndarray, np.ndarray]) -> None:
    outputs, y = made
    score = REGRESSION.score(outputs, y)
    assert list(score) == list(SKLEARN)
    for name, metric in SKLEARN.items():
        assert score[name] == pytest.approx(metric(y, outputs[:, 0])), name


def test_weights_count_rows_as_often_as_they_say(made: tuple[np.ndarray, np.ndarray]) -> None:
    outputs, y = made
    counts = np.random.default_rng(0).integers(0, 4, (5, len(y)))
    for metric in REGRESSION.metrics:
        if metric.resampling is None:
            continue
        weighted = metric.resampling.weighted(outputs, y, counts.astype(float))
        for value, times in zip(weighted, counts, strict=True):
            drawn = SKLEARN[metric.name](np.repeat(y, times), np.repeat(outputs[:, 0], times))
            assert value == pytest.approx(drawn), metric.name


def test_means_over_rows_are_means_of_their_row_values(
    made: tuple[np.ndarray, np.ndarray],
) -> None:
    outputs, y = made
    for metric in REGRESSION.metrics:
        if metric.row_values:
            several = np.stack([outputs, outputs + 1])
            assert metric.row_values(several, y)[0].mean() == pytest.approx(
                metric.value(outputs, y)
            )


def test_bias_and_variance_add_up_to_the_squared_error() -> None:
    rng = np.random.default_rng(3)
    y, networks = rng.normal(size=30), rng.normal(size=(12, 30, 1))
    bias, variance = squared_error_terms(networks, y)
    assert bias + variance == pytest.approx(REGRESSION.row_loss(networks, y).mean(0))
    assert squared_error_terms(networks[:1], y)[1] == pytest.approx(np.zeros(30))


def test_target_that_does_not_vary_explains_nothing() -> None:
    y = np.full(5, 3.0)
    assert REGRESSION.metric("r2").value(np.zeros((5, 1)), y) == 0.0


def test_half_of_the_weight_lies_on_either_side_of_the_median() -> None:
    outputs, y = np.array([[1.0], [2.0], [3.0], [10.0]]), np.zeros(4)
    weights = np.array([[1.0, 1, 1, 1], [0, 0, 1, 2], [1.5, 0.5, 1, 0]])
    assert weighted_median_error(outputs, y, weights) == pytest.approx([2.5, 10.0, 1.5])


def test_a_table_without_classes_is_for_a_number() -> None:
    assert task_of(()) is TASKS["regression"]
    assert task_of(["no", "yes"]) is TASKS["classification"]
    assert task_of(0) is TASKS["regression"]
    assert task_of(3) is TASKS["classification"]


def test_a_loss_is_a_mean_over_rows_of_which_less_is_better() -> None:
    for task in TASKS.values():
        for metric in (task.loss, task.second_loss):
            assert metric.row_values
            assert not metric.more_is_better
        assert task.gate_metric in task.metrics
