"""Say how good a network that predicts a number is: its errors, its intervals, its worst rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.comparison.quality import HARDEST_ROWS, shown
from pipeline.comparison.served_interval import Coverage, ServedNumber, coverage
from pipeline.statistics.bootstrap import mean_difference
from pipeline.statistics.intervals import Interval
from pipeline.tasks.arrays import Floats

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class WorstRow:
    """A test row with a large error. cells: raw values of the most important columns, as text."""

    row: int
    actual: float
    predicted: float
    error: float
    cells: dict[str, str]


@dataclass(frozen=True)
class NumberQuality:
    """The errors of the registered tuned network on test; an error is predicted minus actual.

    bias: the mean error. quantiles: of the error, at `QUANTILES`. coverage: of the intervals that
    are served. worst: the rows with the largest errors, the worst first.
    """

    bias: Interval
    quantiles: tuple[float, ...]
    coverage: Coverage
    worst: tuple[WorstRow, ...]


def number_quality(
    predicted: Floats,
    y: Floats,
    served: ServedNumber,
    raw: pd.DataFrame,
    columns: Sequence[str],
    *,
    resamples: int,
    confidence: float,
) -> NumberQuality:
    """Return the quality of (row,) predictions. columns: those whose raw values are shown."""
    errors = predicted - y
    bias = mean_difference(errors[None], resamples, confidence)
    worst = np.argsort(-np.abs(errors), kind="stable")[:HARDEST_ROWS]
    return NumberQuality(
        Interval(bias.estimate, bias.low, bias.high),
        tuple(np.quantile(errors, QUANTILES).tolist()),
        coverage(served, predicted, y, confidence),
        tuple(
            WorstRow(
                int(row),
                float(y[row]),
                float(predicted[row]),
                float(errors[row]),
                {name: shown(raw[name].iloc[row]) for name in columns},
            )
            for row in worst
        ),
    )
