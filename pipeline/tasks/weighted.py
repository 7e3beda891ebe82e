"""Metrics of one network under many weightings of the rows at once, as a bootstrap needs them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from pipeline.tasks.areas import areas
from pipeline.tasks.arrays import Floats, Labels

# From probabilities (row, class), labels and row weights (resample, row) to values (resample,).
WeightedMetric = Callable[[Floats, Labels, Floats], Floats]


def mean(values: Floats, rows: Floats) -> Floats:
    """(resample,) weighted means of (row,) values."""
    return np.asarray(rows @ values / rows.sum(1))


def accuracy(p: Floats, y: Labels, rows: Floats) -> Floats:
    """Share of rows whose most probable class is their own."""
    return mean((p.argmax(-1) == y).astype(float), rows)


def balanced_accuracy(p: Floats, y: Labels, rows: Floats) -> Floats:
    """Mean over the classes of the share of its rows that are recognized."""
    hit = (p.argmax(-1) == y).astype(float)
    recalls = [mean(hit[y == label], rows[:, y == label]) for label in np.unique(y)]
    return np.asarray(np.mean(recalls, axis=0))


def roc_auc(p: Floats, y: Labels, rows: Floats) -> Floats:
    """Area under the ROC curve; more than two classes: one against the rest, macro average."""
    return _one_against_rest("roc", p, y, rows)


def pr_auc(p: Floats, y: Labels, rows: Floats) -> Floats:
    """Average precision; more than two classes: one against the rest, macro average."""
    return _one_against_rest("pr", p, y, rows)


# What depends on how the classes are ranked or recognized, and not on a mean over all rows.
WITHIN_CLASSES: Mapping[str, WeightedMetric] = {
    "balanced_accuracy": balanced_accuracy,
    "roc_auc": roc_auc,
    "pr_auc": pr_auc,
}


def _one_against_rest(kind: str, p: Floats, y: Labels, rows: Floats) -> Floats:
    """Area for class 1 of two classes, else the mean of the areas of each class."""
    classes = [1] if p.shape[-1] == 2 else range(p.shape[-1])
    found = [areas(kind, p[:, label], y == label, rows) for label in classes]
    return np.asarray(np.mean(found, axis=0))
