"""Find the raw columns that the tuned networks depend on, and how well they do in slices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.config.sections.regularization import Regularization
from pipeline.data.prepare import Fold
from pipeline.statistics.bootstrap import mean_difference, mean_differences
from pipeline.statistics.intervals import Difference, Interval
from pipeline.statistics.proportions import wilson
from pipeline.tasks.arrays import Floats
from pipeline.tasks.classification import probabilities
from pipeline.tasks.known import task_of
from pipeline.tasks.metric import Targets
from pipeline.tasks.task import Task
from pipeline.text.numbers import ranges
from pipeline.training.architecture import Architecture
from pipeline.training.fit import Fit
from pipeline.training.forward import forward

REPEATS = 5
NETWORKS = 5
# The most important columns: so many are reported, and the data is sliced by so many.
REPORTED, SLICED = 15, 3
LEVELS = 5
# Rows times columns that may pass through the networks; with more, test rows are thinned out.
ENTRIES = 2_000_000


@dataclass(frozen=True)
class ColumnImportance:
    """The rise in the loss when a column's values are shuffled among the test rows."""

    column: str
    rise: Difference


@dataclass(frozen=True)
class Slice:
    """Test rows that share a range or a level of a column; means over the tuned networks.

    accuracy: None where a number is predicted.
    """

    column: str
    level: str
    rows: int
    accuracy: Interval | None
    loss: Interval


def permutation_importance(
    fits: Sequence[Fit],
    architecture: Architecture,
    regularization: Regularization,
    fold: Fold,
    columns: Mapping[str, list[int]],
    *,
    resamples: int,
    confidence: float,
    seed: int,
) -> tuple[ColumnImportance, ...]:
    """Return the most important columns, the most important first (Breiman 2001; on test rows).

    columns: prepared columns of each raw one; they are shuffled together, so that levels that
    belong together stay together. Each interval is over rows and networks.
    """
    most = max(2, ENTRIES // (len(columns) * REPEATS * NETWORKS))
    rows = fold.score[:: max(1, -(-len(fold.score) // most))]
    x, y, task = fold.x[rows], fold.actual[rows], task_of(architecture.classes)
    networks = [fit.weights for fit in fits[:NETWORKS]]
    rng = np.random.default_rng(seed)
    orders = [rng.permutation(len(rows)) for _ in range(REPEATS)]
    before = task.row_loss(fold.in_units(forward(architecture, networks, x, regularization)), y)
    rises = {}
    for name, places in columns.items():
        shuffled = np.tile(x, (REPEATS, 1))
        for number, order in enumerate(orders):
            part = slice(number * len(x), (number + 1) * len(x))
            shuffled[part, places] = x[order][:, places]
        outputs = fold.in_units(forward(architecture, networks, shuffled, regularization))
        after = task.row_loss(outputs, np.tile(y, REPEATS))
        rises[name] = after.reshape(len(networks), REPEATS, -1).mean(1) - before
    names = sorted(rises, key=lambda name: -rises[name].mean())[:REPORTED]
    differences = mean_differences([rises[name] for name in names], resamples, confidence, seed)
    return tuple(ColumnImportance(*pair) for pair in zip(names, differences, strict=True))


def slices(
    logits: Floats,
    y: Targets,
    task: Task,
    train: pd.DataFrame,
    test: pd.DataFrame,
    columns: Sequence[str],
    *,
    resamples: int,
    confidence: float,
) -> tuple[Slice, ...]:
    """Slice the test rows by the most important columns; logits: outputs (seed, row, output).

    Numbers are sliced at the terciles of the training rows, categories by the most frequent levels
    of the training rows.
    """
    hit = probabilities(logits).argmax(-1) == y if task.categorical else None
    losses = task.row_loss(logits, y)
    result = []
    for name in columns[:SLICED]:
        for level, inside in _levels(name, train[name], test[name]):
            if not inside.any():
                continue
            # The rows of a slice are a sample; a single row has no interval of its own.
            loss = mean_difference(losses[:, inside], resamples, confidence)
            bounds = Interval(loss.estimate, max(0.0, loss.low), loss.high)
            rows, share = int(inside.sum()), None
            if hit is not None:
                share = wilson(float(hit[:, inside].mean()), rows, confidence)
            result.append(Slice(name, level, rows, share, bounds))
    return tuple(result)


def _levels(name: str, train: pd.Series, test: pd.Series) -> list[tuple[str, np.ndarray]]:
    gaps = test.isna().to_numpy()
    if pd.api.types.is_numeric_dtype(train) and train.nunique() > LEVELS:
        low, high = train.quantile([1 / 3, 2 / 3])
        values = test.to_numpy(float, na_value=np.nan)
        inside = (values <= low, (values > low) & (values <= high), values > high)
        parts = list(zip(ranges([low, high]), inside, strict=True))
    else:
        words = test.astype(str).to_numpy()
        levels = train.dropna().astype(str).value_counts().index[:LEVELS]
        parts = [(level, (words == level) & ~gaps) for level in levels]
        known = np.isin(words, list(levels)) | gaps
        parts.append(("other levels", ~known))
    return [*parts, ("missing", gaps)]
