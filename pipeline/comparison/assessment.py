"""Everything about how good the tuned network is, in one record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.comparison import quality
from pipeline.comparison.importance import (
    SLICED,
    ColumnImportance,
    Slice,
    permutation_importance,
    slices,
)
from pipeline.comparison.kinds import Kind
from pipeline.comparison.networks import Networks
from pipeline.config.sections.compare import CompareParams
from pipeline.data.prepare import Fold
from pipeline.tasks.classification import Floats
from pipeline.training.architecture import Architecture


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
    """What the judged networks were given, and said.

    probability: (test row, class) of the registered network of each kind; val_probability: of the
    tuned one on val rows. train, test: raw rows. columns: prepared columns of each raw one.
    """

    probability: Mapping[Kind, Floats]
    val_probability: Floats
    train: pd.DataFrame
    test: pd.DataFrame
    columns: Mapping[str, list[int]]
    classes: Sequence[str]


def assess(
    tuned: Networks,
    architecture: Architecture,
    fold: Fold,
    judged: Predictions,
    compare: CompareParams,
) -> Quality:
    """Assess the tuned networks."""
    y, p = fold.y[fold.score], judged.probability["best"]
    importance = permutation_importance(
        tuned.fits,
        architecture,
        fold,
        judged.columns,
        resamples=compare.resamples,
        confidence=compare.confidence,
        seed=tuned.seeds[0],
    )
    telling = [one.column for one in importance[:SLICED]]
    binary = len(judged.classes) == 2
    bar = quality.chosen_threshold(judged.val_probability, fold.y[fold.stop]) if binary else 0.5
    return Quality(
        calibration={
            kind: quality.calibration(of_kind, y, compare.confidence)
            for kind, of_kind in judged.probability.items()
        },
        classes=quality.class_quality(p, y, judged.classes, compare.confidence),
        usual=quality.at_threshold(0.5, p, y) if binary else None,
        chosen=quality.at_threshold(bar, p, y) if binary else None,
        importance=importance,
        slices=slices(
            np.asarray(tuned.logits, np.float64),
            y,
            judged.train,
            judged.test,
            telling,
            resamples=compare.resamples,
            confidence=compare.confidence,
        ),
        hardest=quality.hardest_rows(p, y, judged.classes, judged.test, telling),
    )
