"""Which raw columns the tuned networks live on, and how they do in parts of the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.data.prepare import Fold
from pipeline.statistics.bootstrap import mean_difference, mean_differences
from pipeline.statistics.intervals import Difference, Interval
from pipeline.statistics.proportions import wilson
from pipeline.tasks.classification import Floats, Labels, probabilities, row_log_loss
from pipeline.training.architecture import Architecture
from pipeline.training.fit import Fit
from pipeline.training.forward import forward

REPEATS = 5
NETWORKS = 5
# Columns that get an interval, and columns that the data is sliced by.
TOLD, SLICED = 15, 3
LEVELS = 5
# Rows times columns that may pass through the networks; more test rows than that are thinned out.
ENTRIES = 2_000_000


@dataclass(frozen=True)
class ColumnImportance:
    """Rise in log loss when a column's values are dealt out anew among the test rows."""

    column: str
    rise: Difference


@dataclass(frozen=True)
class Slice:
    """Test rows that share a range or a level of a column; means over the tuned networks."""

    column: str
    level: str
    rows: int
    accuracy: Interval
    log_loss: Interval


def permutation_importance(
    fits: Sequence[Fit],
    architecture: Architecture,
    fold: Fold,
    columns: Mapping[str, list[int]],
    *,
    resamples: int,
    confidence: float,
    seed: int,
) -> tuple[ColumnImportance, ...]:
    """The most telling columns, the most telling first (Breiman 2001; on test rows).

    columns: prepared columns of each raw one; they are dealt out together, so that a row keeps the
    levels that belong together. Each interval is over rows and networks.
    """
    most = max(2, ENTRIES // (len(columns) * REPEATS * NETWORKS))
    rows = fold.score[:: max(1, -(-len(fold.score) // most))]
    x, y = fold.x[rows], fold.y[rows]
    networks = [fit.weights for fit in fits[:NETWORKS]]
    rng = np.random.default_rng(seed)
    deals = [rng.permutation(len(rows)) for _ in range(REPEATS)]
    before = row_log_loss(forward(architecture, networks, x), y)
    rises = {}
    for name, places in columns.items():
        moved = np.tile(x, (REPEATS, 1))
        for number, deal in enumerate(deals):
            part = slice(number * len(x), (number + 1) * len(x))
            moved[part, places] = x[deal][:, places]
        after = row_log_loss(forward(architecture, networks, moved), np.tile(y, REPEATS))
        rises[name] = after.reshape(len(networks), REPEATS, -1).mean(1) - before
    told = sorted(rises, key=lambda name: -rises[name].mean())[:TOLD]
    found = mean_differences([rises[name] for name in told], resamples, confidence, seed)
    return tuple(ColumnImportance(*pair) for pair in zip(told, found, strict=True))


def slices(
    logits: Floats,
    y: Labels,
    train: pd.DataFrame,
    test: pd.DataFrame,
    columns: Sequence[str],
    *,
    resamples: int,
    confidence: float,
) -> tuple[Slice, ...]:
    """Parts of the test rows by the most telling columns; logits: (seed, row, output).

    Numbers: thirds of the training rows. Categories: the most frequent levels of the training rows.
    """
    hit = probabilities(logits).argmax(-1) == y
    losses = row_log_loss(logits, y)
    found = []
    for name in columns[:SLICED]:
        for level, inside in _levels(name, train[name], test[name]):
            if not inside.any():
                continue
            # The rows of a slice as a sample; a single one has no interval of its own.
            loss = mean_difference(losses[:, inside], resamples, confidence)
            bounds = Interval(loss.estimate, max(0.0, loss.low), loss.high)
            share = wilson(float(hit[:, inside].mean()), int(inside.sum()), confidence)
            found.append(Slice(name, level, int(inside.sum()), share, bounds))
    return tuple(found)


def _levels(name: str, train: pd.Series, test: pd.Series) -> list[tuple[str, np.ndarray]]:
    gaps = test.isna().to_numpy()
    if pd.api.types.is_numeric_dtype(train) and train.nunique() > LEVELS:
        low, high = train.quantile([1 / 3, 2 / 3])
        values = test.to_numpy(float, na_value=np.nan)
        parts = [
            (f"up to {low:.4g}", values <= low),
            (f"{low:.4g} to {high:.4g}", (values > low) & (values <= high)),
            (f"above {high:.4g}", values > high),
        ]
    else:
        words = test.astype(str).to_numpy()
        levels = train.dropna().astype(str).value_counts().index[:LEVELS]
        parts = [(level, (words == level) & ~gaps) for level in levels]
        known = np.isin(words, list(levels)) | gaps
        parts.append(("other levels", ~known))
    return [*parts, ("missing", gaps)]
