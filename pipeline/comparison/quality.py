"""Measure how good the registered networks are: by probability, threshold, class and row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support, roc_curve

from pipeline.statistics.intervals import Interval
from pipeline.statistics.proportions import wilson
from pipeline.tasks.arrays import Floats, Labels
from pipeline.tasks.calibration import equal_bins, stated_and_hits
from pipeline.text.numbers import measured

HARDEST_ROWS = 10
# Rows of a bin in the chart, whose intervals show how little few rows say; the calibration error
# has no interval, so its bins are larger.
ROWS_A_BIN = 8


@dataclass(frozen=True)
class CalibrationBin:
    """Rows of similar probability. hits: the share of them whose prediction is true."""

    rows: int
    probability: float
    hits: Interval


@dataclass(frozen=True)
class ClassQuality:
    """One class. precision: None if no row is predicted to belong to it."""

    name: str
    rows: int
    recall: Interval
    precision: Interval | None
    f1: float


@dataclass(frozen=True)
class Threshold:
    """A threshold for the probability of the positive class, and how it classifies the test rows.

    confusion: number of rows by actual and predicted class.
    """

    value: float
    confusion: tuple[tuple[int, ...], ...]
    recall: float
    specificity: float


@dataclass(frozen=True)
class HardRow:
    """A misclassified test row. cells: raw values of the most important columns, as text."""

    row: int
    actual: str
    predicted: str
    probability: float
    cells: dict[str, str]


def calibration(p: Floats, y: Labels, confidence: float) -> tuple[CalibrationBin, ...]:
    """Group rows into bins of equally many, by their predicted probability; p: (row, class).

    With two classes, rows are ordered by the probability of class 1, and a hit is a row of class 1.
    With more, they are ordered by the highest probability, and a hit is a row of that class.
    """
    stated, hits = stated_and_hits(p, y)
    return tuple(
        CalibrationBin(
            len(rows),
            float(stated[rows].mean()),
            wilson(float(hits[rows].mean()), len(rows), confidence),
        )
        for rows in equal_bins(stated, ROWS_A_BIN)
    )


def class_quality(
    p: Floats, y: Labels, classes: Sequence[str], confidence: float
) -> tuple[ClassQuality, ...]:
    """Return precision and recall of each class, with Wilson's intervals.

    Each row is predicted to be of its most probable class.
    """
    predicted, labels = p.argmax(-1), range(len(classes))
    precision, recall, f1, rows = precision_recall_fscore_support(
        y, predicted, labels=list(labels), zero_division=0.0
    )
    times_predicted = np.bincount(predicted, minlength=len(classes))
    return tuple(
        ClassQuality(
            name,
            int(rows[label]),
            wilson(float(recall[label]), max(1, int(rows[label])), confidence),
            wilson(float(precision[label]), int(times_predicted[label]), confidence)
            if times_predicted[label]
            else None,
            float(f1[label]),
        )
        for label, name in enumerate(classes)
    )


def chosen_threshold(p_val: Floats, y_val: Labels) -> float:
    """Return the threshold with the highest recall plus specificity on val rows (Youden 1950).

    It is the midpoint between the lowest probability above it and the highest one below it.
    """
    false_rate, true_rate, thresholds = roc_curve(y_val, p_val[:, 1], drop_intermediate=False)
    threshold = float(thresholds[int(np.argmax(true_rate - false_rate))])
    if not np.isfinite(threshold):
        return 0.5
    below = p_val[:, 1][p_val[:, 1] < threshold]
    return (threshold + float(below.max())) / 2 if len(below) else threshold


def at_threshold(value: float, p: Floats, y: Labels) -> Threshold:
    """Classify rows of two classes by this threshold, and count."""
    counts = confusion_matrix(y, (p[:, 1] >= value).astype(int), labels=[0, 1])
    specificity, recall = (
        float(counts[label, label] / max(1, counts[label].sum())) for label in (0, 1)
    )
    return Threshold(
        value, tuple(tuple(int(n) for n in row) for row in counts), recall, specificity
    )


def hardest_rows(
    p: Floats, y: Labels, classes: Sequence[str], raw: pd.DataFrame, columns: Sequence[str]
) -> tuple[HardRow, ...]:
    """Return the misclassified rows with the lowest probability of their class, worst first."""
    own, predicted = p[np.arange(len(y)), y], p.argmax(-1)
    wrong = np.flatnonzero(predicted != y)
    worst = wrong[np.argsort(own[wrong], kind="stable")][:HARDEST_ROWS]
    return tuple(
        HardRow(
            int(row),
            classes[y[row]],
            classes[predicted[row]],
            float(own[row]),
            {name: shown(raw[name].iloc[row]) for name in columns},
        )
        for row in worst
    )


def shown(value: object) -> str:
    """Return a raw value as text, and "missing" for a gap."""
    if pd.isna(value):
        return "missing"
    return measured(value) if isinstance(value, float) else str(value)
