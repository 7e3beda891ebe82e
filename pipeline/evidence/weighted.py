"""Metrics of one network under many weightings of the rows at once, as a bootstrap needs them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from pipeline.evidence.metrics import Floats, Labels

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
    return _one_against_rest(_ranking, p, y, rows)


def pr_auc(p: Floats, y: Labels, rows: Floats) -> Floats:
    """Average precision; more than two classes: one against the rest, macro average."""
    return _one_against_rest(_average_precision, p, y, rows)


# What depends on how the classes are ranked or recognized, and not on a mean over all rows.
WITHIN_CLASSES: Mapping[str, WeightedMetric] = {
    "balanced_accuracy": balanced_accuracy,
    "roc_auc": roc_auc,
    "pr_auc": pr_auc,
}


def _one_against_rest(
    area: Callable[[Floats, Floats], Floats], p: Floats, y: Labels, rows: Floats
) -> Floats:
    """Area for class 1 of two classes, else the mean of the areas of each class."""
    classes = [1] if p.shape[-1] == 2 else range(p.shape[-1])
    return np.asarray(
        np.mean([area(*_by_threshold(p[:, label], y == label, rows)) for label in classes], axis=0)
    )


def _by_threshold(scores: Floats, positive: np.ndarray, rows: Floats) -> tuple[Floats, Floats]:
    """(resample, threshold) weights of positive and negative rows, from the highest score down.

    Rows with equal scores share a threshold.
    """
    order = np.argsort(-scores, kind="stable")
    first_of_score = np.flatnonzero(np.diff(scores[order], prepend=np.inf))
    weights, positive = rows[:, order], positive[order]
    return (
        np.add.reduceat(weights * positive, first_of_score, axis=1),
        np.add.reduceat(weights * ~positive, first_of_score, axis=1),
    )


def _ranking(positive: Floats, negative: Floats) -> Floats:
    """Share of pairs of a positive and a negative row that are ranked right, ties half."""
    total_positive, total_negative = positive.sum(1), negative.sum(1)
    below = total_negative[:, None] - negative.cumsum(1)
    right = (positive * (below + negative / 2)).sum(1)
    return np.asarray(right / (total_positive * total_negative))


def _average_precision(positive: Floats, negative: Floats) -> Floats:
    """Sum over thresholds of precision times the step in recall."""
    found, taken = positive.cumsum(1), (positive + negative).cumsum(1)
    precision = np.divide(found, taken, out=np.zeros_like(found), where=taken > 0)
    return np.asarray((positive * precision).sum(1) / positive.sum(1))
