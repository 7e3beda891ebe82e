"""Regression: metrics of predicted numbers, and the table of them.

Outputs are predictions in the target's units, (…, row, 1); targets are (row,). The metrics that a
bootstrap asks for also come weighted, as those of classification do.
"""

from __future__ import annotations

from math import inf

import numpy as np

from pipeline.tasks.arrays import Floats
from pipeline.tasks.metric import Metric, Resampling, Targets
from pipeline.tasks.task import Level, Peer, Task, Words

# Sums of weights round; this much less than half of them is half of them.
ROUNDING = 1e-9


def row_errors(outputs: Floats, y: Targets) -> Floats:
    """Return (…, row) predicted minus actual."""
    return np.asarray(np.asarray(outputs, np.float64)[..., 0] - y)


def row_squared_errors(outputs: Floats, y: Targets) -> Floats:
    """Return (…, row) squared errors."""
    return np.asarray(row_errors(outputs, y) ** 2)


def row_absolute_errors(outputs: Floats, y: Targets) -> Floats:
    """Return (…, row) absolute errors."""
    return np.abs(row_errors(outputs, y))


def weighted_rmse(outputs: Floats, y: Targets, weights: Floats) -> Floats:
    """Return (resample,) roots of the weighted mean squared error."""
    return np.asarray(np.sqrt(weights @ row_squared_errors(outputs, y) / weights.sum(1)))


def weighted_r2(outputs: Floats, y: Targets, weights: Floats) -> Floats:
    """Return (resample,) the share of the target's weighted variance that predictions explain.

    It is 0 where the target does not vary, because there is nothing to explain.
    """
    total = weights.sum(1)
    # From the mean of all rows, so that large numbers do not cancel.
    centered = y - y.mean()
    variance = weights @ centered**2 / total - (weights @ centered / total) ** 2
    unexplained = weights @ row_squared_errors(outputs, y) / total
    varies = variance > 0
    return np.where(varies, 1 - unexplained / np.where(varies, variance, 1.0), 0.0)


def weighted_median_error(outputs: Floats, y: Targets, weights: Floats) -> Floats:
    """Return (resample,) weighted medians of the absolute error; the middle of two if two are."""
    errors = row_absolute_errors(outputs, y)
    order = np.argsort(errors, kind="stable")
    passed = np.cumsum(weights[:, order], axis=1)
    half, slack = passed[:, -1:] / 2, passed[:, -1:] * ROUNDING
    lower = (passed >= half - slack).argmax(1)
    upper = (passed > half + slack).argmax(1)
    return np.asarray((errors[order][lower] + errors[order][upper]) / 2)


def squared_error_terms(outputs: Floats, y: Targets) -> tuple[Floats, Floats]:
    """Return (row,) bias and variance of the squared error, from outputs (network, row, 1).

    Their sum is the mean squared error of the row exactly (Geman, Bienenstock and Doursat 1992,
    doi:10.1162/neco.1992.4.1.1): the bias is the squared error of the mean prediction, noise of the
    target included, and the variance is that of the predictions.
    """
    predicted = np.asarray(outputs, np.float64)[..., 0]
    return (predicted.mean(0) - y) ** 2, predicted.var(0)


def mean_prediction(outputs: Floats) -> Floats:
    """Return the (row, 1) mean of the predictions of all networks (network, row, 1)."""
    return np.asarray(np.asarray(outputs, np.float64).mean(0))


def _once(y: Targets) -> Floats:
    return np.ones((1, len(y)))


def _mean_guess(seed: int) -> object:
    from sklearn.dummy import DummyRegressor

    return DummyRegressor()


def _ridge(seed: int) -> object:
    from sklearn.linear_model import RidgeCV

    return RidgeCV(alphas=np.logspace(-3, 3, 13))


def _boosting(seed: int) -> object:
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(random_state=seed)


RMSE = Metric(
    name="rmse",
    title="RMSE",
    more_is_better=False,
    bounds=(0.0, inf),
    value=lambda outputs, y: float(weighted_rmse(outputs, y, _once(y))[0]),
    resampling=Resampling(weighted_rmse),
    headline=True,
    relative=True,
)
MAE = Metric(
    name="mae",
    title="MAE",
    more_is_better=False,
    bounds=(0.0, inf),
    value=lambda outputs, y: float(row_absolute_errors(outputs, y).mean()),
    row_values=row_absolute_errors,
    headline=True,
    relative=True,
)
R2 = Metric(
    name="r2",
    title="R²",
    more_is_better=True,
    bounds=(-inf, 1.0),
    value=lambda outputs, y: float(weighted_r2(outputs, y, _once(y))[0]),
    resampling=Resampling(weighted_r2),
    headline=True,
)
MEDIAN_ERROR = Metric(
    name="median_error",
    title="Median absolute error",
    more_is_better=False,
    bounds=(0.0, inf),
    value=lambda outputs, y: float(weighted_median_error(outputs, y, _once(y))[0]),
    resampling=Resampling(weighted_median_error),
    headline=True,
    relative=True,
)
SQUARED_ERROR = Metric(
    name="squared_error",
    title="Squared error",
    more_is_better=False,
    bounds=(0.0, inf),
    value=lambda outputs, y: float(row_squared_errors(outputs, y).mean()),
    row_values=row_squared_errors,
    headline=True,
    relative=True,
)
REGRESSION = Task(
    name="regression",
    metrics=(RMSE, MAE, R2, MEDIAN_ERROR, SQUARED_ERROR),
    loss=SQUARED_ERROR,
    second_loss=MAE,
    gate_metric=RMSE,
    levels=(Level("rmse", "RMSE", RMSE.value), Level("r2", "R²", R2.value)),
    terms=squared_error_terms,
    ensemble=mean_prediction,
    root=RMSE,
    peers=(
        Peer("mean", "Mean of the target alone", _mean_guess, transformed=False),
        Peer("linear", "Ridge regression", _ridge),
        Peer("boosting", "Gradient boosting (HistGradientBoosting)", _boosting),
    ),
    words=Words(
        loss_means="Squared error is that of the predicted number, in the target's units squared: 0"
        " is perfect, lower is better, and its root is the RMSE.",
        loss_at_length="Squared error is the mean over the rows of the squared distance of the"
        " prediction from the target: 0 is perfect, and a row that is twice as far off costs four"
        " times as much.",
        second_judge="the mean absolute error, in which no single row weighs much,",
        decomposition="The squared error is decomposed into that of the average prediction (bias;"
        " noise of the target is in it) and the variance of single networks about it, after Geman"
        " et al."
        " (1992); their sum is the squared error.",
        blunders="large errors",
        same_outputs="the same predictions",
        stratum="part of the target",
        long_tail="Rare rows with a large error make the squared error long-tailed, so that on few"
        " rows an interval may cover a little less often than it says.",
    ),
)
