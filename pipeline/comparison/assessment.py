"""Everything about how good the tuned network is, in one record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
from pipeline.comparison.plan import Findings
from pipeline.config.sections.compare import CompareParams
from pipeline.data.prepare import Fold
from pipeline.tasks.arrays import Floats, Labels


@dataclass(frozen=True)
class Quality:
    """The registered tuned network on test; calibration is of both kinds.

    usual, chosen: at 0.5 and at the threshold chosen on val rows; None for more than two classes.
    importance, slices: of the tuned networks of all seeds, or the first of them.
    """

    calibration: dict[str, tuple[quality.CalibrationBin, ...]]
    classes: tuple[quality.ClassQuality, ...]
    usual: quality.Threshold | None
    chosen: quality.Threshold | None
    importance: tuple[ColumnImportance, ...]
    slices: tuple[Slice, ...]
    hardest: tuple[quality.HardRow, ...]


@dataclass(frozen=True, eq=False)
class Predictions:
    """Holds what the registered networks predict.

    test: (test row, class) probabilities of each kind; val: (val row, class), of the tuned one.
    y: (test row,) class numbers. classes: their names.
    """

    test: Mapping[Kind, Floats]
    val: Floats
    y: Labels
    classes: Sequence[str]


def assess(
    findings: Findings,
    predictions: Predictions,
    fold: Fold,
    rows: RawRows,
    columns: Mapping[str, list[int]],
    compare: CompareParams,
) -> Quality:
    """Assess the tuned networks. columns: the prepared columns of each raw one."""
    tuned, y, p = findings.networks["tuned"], predictions.y, predictions.test["tuned"]
    importance = permutation_importance(
        tuned.fits,
        findings.architecture,
        fold,
        columns,
        resamples=compare.resamples,
        confidence=compare.confidence,
        seed=tuned.seeds[0],
    )
    most_important = [ranked.column for ranked in importance[:SLICED]]
    binary = len(predictions.classes) == 2
    threshold = quality.chosen_threshold(predictions.val, fold.y[fold.stop]) if binary else 0.5
    return Quality(
        calibration={
            kind: quality.calibration(probability, y, compare.confidence)
            for kind, probability in predictions.test.items()
        },
        classes=quality.class_quality(p, y, predictions.classes, compare.confidence),
        usual=quality.at_threshold(0.5, p, y) if binary else None,
        chosen=quality.at_threshold(threshold, p, y) if binary else None,
        importance=importance,
        slices=slices(
            np.asarray(tuned.logits, np.float64),
            y,
            rows.train,
            rows.test,
            most_important,
            resamples=compare.resamples,
            confidence=compare.confidence,
        ),
        hardest=quality.hardest_rows(p, y, predictions.classes, rows.test, most_important),
    )
