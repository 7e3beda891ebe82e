"""Judge one model on the test rows: its metrics, its calibration and its worst slice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import betaincinv, stdtrit

from pipeline.data.schema import Schema
from pipeline.tasks.arrays import Floats
from pipeline.tasks.metric import Targets
from pipeline.tasks.regression import row_squared_errors
from pipeline.tasks.task import Task
from pipeline.text.numbers import ranges

# Chance of refusing for a slice that is no worse, over all slices together (Bonferroni).
SLICE_ERROR_RATE = 0.05
QUARTERS = (0.25, 0.5, 0.75)
# A probability that single precision rounds to 0 is at most this large.
SMALLEST = 1e-7


@dataclass(frozen=True)
class SliceAccuracy:
    """The accuracy on a part of the test rows.

    high: upper bound of its accuracy at the corrected level (Clopper and Pearson 1934).
    """

    name: str
    rows: int
    accuracy: float
    high: float


@dataclass(frozen=True)
class SliceError:
    """The RMSE on a part of the test rows.

    low: its lower bound at the corrected level (Student's, of the squared errors).
    """

    name: str
    rows: int
    rmse: float
    low: float


@dataclass(frozen=True)
class ModelFigures:
    """A model's figures on the test rows.

    metrics: of the task, and what else the task says of a model. worst_slice: None if no slice has
    rows enough.
    """

    metrics: Mapping[str, float]
    worst_slice: SliceAccuracy | SliceError | None


def judge_model(
    served: Floats, y: Targets, features: pd.DataFrame, min_rows: int, task: Task
) -> ModelFigures:
    """Return the figures of a model, from what it serves and the raw test rows.

    served: probabilities (row, class), or numbers (row, 1).
    """
    metrics = task.score(as_outputs(served, task), y)
    metrics |= {name: figure(served, y) for name, figure in task.served_figures.items()}
    if task.categorical:
        return ModelFigures(metrics, worst_slice(served.argmax(-1) == y, features, min_rows))
    return ModelFigures(metrics, worst_errors(row_squared_errors(served, y), features, min_rows))


def as_outputs(served: Floats, task: Task) -> Floats:
    """Return what a model serves as a network's outputs, which metrics are computed from."""
    return log_probabilities(served) if task.categorical else served


def failed_data_checks(schema: Schema, forbidden: Sequence[str]) -> list[str]:
    """Describe the findings of those data checks that keep a model from going live."""
    return [
        f"{finding.check}{f' ({finding.column})' if finding.column else ''}: {finding.message}"
        for finding in schema.findings
        if finding.check in forbidden
    ]


def log_probabilities(p: Floats) -> Floats:
    """Return logits (row, class) of probabilities, finite for those that rounded to 0."""
    return np.asarray(np.log(np.clip(p, SMALLEST, 1.0)))


def worst_slice(hit: np.ndarray, features: pd.DataFrame, min_rows: int) -> SliceAccuracy | None:
    """Return the slice whose accuracy has the lowest upper bound; hit: (row,) whether right."""
    slices = [(name, rows) for name, rows in _slices(features) if rows.sum() >= min_rows]
    if not slices:
        return None
    rows = np.array([members.sum() for _, members in slices])
    hits = np.array([hit[members].sum() for _, members in slices])
    level = 1 - SLICE_ERROR_RATE / len(slices)
    high = np.where(hits == rows, 1.0, betaincinv(hits + 1, np.maximum(rows - hits, 1), level))
    worst = int(np.argmin(high))
    accuracy = float(hits[worst] / rows[worst])
    return SliceAccuracy(slices[worst][0], int(rows[worst]), accuracy, float(high[worst]))


def worst_errors(squares: Floats, features: pd.DataFrame, min_rows: int) -> SliceError | None:
    """Return the slice whose RMSE has the highest lower bound; squares: (row,) squared errors."""
    slices = [(name, rows) for name, rows in _slices(features) if rows.sum() >= min_rows]
    if not slices:
        return None
    level = 1 - SLICE_ERROR_RATE / len(slices)
    found = []
    for name, members in slices:
        own = squares[members]
        error = float(own.std(ddof=1)) / len(own) ** 0.5
        low = float(own.mean()) - float(stdtrit(len(own) - 1, level)) * error
        found.append(SliceError(name, len(own), float(own.mean()) ** 0.5, max(low, 0.0) ** 0.5))
    return max(found, key=lambda part: part.low)


def _slices(features: pd.DataFrame) -> Iterator[tuple[str, np.ndarray]]:
    """Yield name and members by level of each category, quarter of each number, and by gaps."""
    for name, column in features.items():
        missing = column.isna().to_numpy()
        if missing.any():
            yield f"{name} missing", missing
        if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
            values = column.to_numpy(float, na_value=np.nan)
            if missing.all():
                continue
            edges = np.unique(np.nanquantile(values, QUARTERS))
            place = np.searchsorted(edges, values, side="left")
            for number, label in enumerate(ranges(edges.tolist())):
                yield f"{name} {label}", (place == number) & ~missing
        else:
            words = column.astype(str)
            for level in words[~missing].unique():
                yield f"{name} = {level}", (words == level).to_numpy() & ~missing
