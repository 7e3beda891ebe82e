"""Everything about how good the tuned network is, in one record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pipeline.comparison import quality
from pipeline.comparison.importance import (
    SLICED,
    ColumnImportance,
    Slice,
    permutation_importance,
    slices,
)
from pipeline.comparison.kinds import Kind
from pipeline.comparison.material import RawRows
from pipeline.comparison.number_quality import NumberQuality, number_quality
from pipeline.comparison.plan import Findings
from pipeline.config.sections.compare import CompareParams
from pipeline.data.prepare import Fold
from pipeline.tasks.arrays import Floats
from pipeline.tasks.known import task_of
from pipeline.tasks.metric import Targets
from pipeline.tasks.task import TaskName


@dataclass(frozen=True)
class Quality:
    """The registered tuned network on test; calibration is of both kinds.

    usual, chosen: at 0.5 and at the threshold chosen on val rows; None for more than two classes.
    importance, slices: of the tuned networks of all seeds, or the first of them. number: what is
    known where a number is predicted; then the parts about classes are empty.
    """

    calibration: dict[str, tuple[quality.CalibrationBin, ...]]
    classes: tuple[quality.ClassQuality, ...]
    usual: quality.Threshold | None
    chosen: quality.Threshold | None
    importance: tuple[ColumnImportance, ...]
    slices: tuple[Slice, ...]
    hardest: tuple[quality.HardRow, ...]
    number: NumberQuality | None = None
    left_out: ClassVar[tuple[str, ...]] = ("number",)


@dataclass(frozen=True, eq=False)
class Predictions:
    """Holds what the registered networks predict.

    test: (test row, class) probabilities of each kind; val: (val row, class), of the tuned one.
    Where a number is predicted, both are (row, 1). y: (test row,) class numbers, or numbers.
    classes: their names; none for numbers. low, high: (test row,) ends of the served intervals.
    """

    test: Mapping[Kind, Floats]
    val: Floats
    y: Targets
    classes: Sequence[str]
    low: Floats | None = None
    high: Floats | None = None


def assess(
    findings: Findings,
    predictions: Predictions,
    fold: Fold,
    rows: RawRows,
    columns: Mapping[str, list[int]],
    compare: CompareParams,
) -> Quality:
    """Assess the tuned networks. columns: the prepared columns of each raw one."""
    tuned, task = findings.networks["tuned"], task_of(predictions.classes)
    importance = permutation_importance(
        tuned.fits,
        findings.architecture,
        tuned.regularization,
        fold,
        columns,
        resamples=compare.resamples,
        confidence=compare.confidence,
        seed=tuned.seeds[0],
    )
    most_important = [ranked.column for ranked in importance[:SLICED]]
    parts = slices(
        np.asarray(tuned.logits, np.float64),
        predictions.y,
        task,
        rows.train,
        rows.test,
        most_important,
        resamples=compare.resamples,
        confidence=compare.confidence,
    )
    return ASSESS[task.name](
        _Assessed(findings, predictions, fold, rows, most_important, compare, importance, parts)
    )


@dataclass(frozen=True, eq=False)
class _Assessed:
    """Holds what every assessment starts from, and what is the same in all of them."""

    findings: Findings
    predictions: Predictions
    fold: Fold
    rows: RawRows
    columns: Sequence[str]
    compare: CompareParams
    importance: tuple[ColumnImportance, ...]
    slices: tuple[Slice, ...]


def _of_classes(given: _Assessed) -> Quality:
    predictions, fold, confidence = given.predictions, given.fold, given.compare.confidence
    y, p = predictions.y, predictions.test["tuned"]
    binary = len(predictions.classes) == 2
    threshold = quality.chosen_threshold(predictions.val, fold.y[fold.stop]) if binary else 0.5
    return Quality(
        calibration={
            kind: quality.calibration(probability, y, confidence)
            for kind, probability in predictions.test.items()
        },
        classes=quality.class_quality(p, y, predictions.classes, confidence),
        usual=quality.at_threshold(0.5, p, y) if binary else None,
        chosen=quality.at_threshold(threshold, p, y) if binary else None,
        importance=given.importance,
        slices=given.slices,
        hardest=quality.hardest_rows(p, y, predictions.classes, given.rows.test, given.columns),
    )


def _of_numbers(given: _Assessed) -> Quality:
    predictions, served = given.predictions, given.findings.served
    assert served, "where a number is predicted, each kind is served with an interval"
    number = number_quality(
        predictions.test["tuned"][:, 0],
        predictions.y,
        served["tuned"],
        given.rows.test,
        given.columns,
        resamples=given.compare.resamples,
        confidence=given.compare.confidence,
    )
    return Quality({}, (), None, None, given.importance, given.slices, (), number)


ASSESS: Mapping[TaskName, Callable[[_Assessed], Quality]] = {
    "classification": _of_classes,
    "regression": _of_numbers,
}
