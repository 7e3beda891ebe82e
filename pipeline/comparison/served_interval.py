"""Find the interval that a served number comes with, and whether it keeps its promise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.comparison.jobs import Job
from pipeline.comparison.kinds import KINDS, Kind
from pipeline.config.sections.regularization import Regularization
from pipeline.config.sections.train import TrainParams
from pipeline.data.prepare import Fold
from pipeline.data.target import TargetScale
from pipeline.statistics.conformal import half_width
from pipeline.statistics.intervals import Interval
from pipeline.statistics.proportions import wilson
from pipeline.tasks.arrays import Floats
from pipeline.training.architecture import Architecture
from pipeline.training.fit import Fit, Member, watched


@dataclass(frozen=True)
class ServedNumber:
    """Says how a network's output becomes the number and the interval that are served.

    scale: of the served network's target. level: the probability that the interval is to hold.
    reach: half the interval's width, before the target's transformation is undone. residuals: how
    many out-of-fold rows it comes from.
    """

    scale: TargetScale
    level: float
    reach: float
    residuals: int

    @property
    def exported(self) -> tuple[float, float, float, float]:
        """Return what a served model needs to know, as `inference.read_number` reads it."""
        logarithm = float(self.scale.transform == "log1p")
        return logarithm, self.scale.mean, self.scale.deviation, self.reach

    def ends(self, predictions: Floats) -> tuple[Floats, Floats]:
        """Return (row,) lower and upper ends, of predictions in the target's units."""
        bent = self.scale.bend(predictions)
        return self.scale.straighten(bent - self.reach), self.scale.straighten(bent + self.reach)


@dataclass(frozen=True)
class Coverage:
    """Says how often the served intervals hold the test rows.

    covered: share of them, with Wilson's interval. width: the mean over the test rows.
    """

    level: float
    residuals: int
    covered: Interval
    width: float


def residual_jobs(
    kinds: Mapping[Kind, Regularization],
    folds: Sequence[Fold],
    architecture: Architecture,
    train: TrainParams,
    seed: int,
) -> list[Job]:
    """List a network of each kind on each fold inside train, kind by kind."""
    return [
        Job(
            Member(watched(fold, kinds[kind]), kinds[kind], seed),
            architecture,
            train,
            "an out-of-fold network",
            keep_weights=False,
        )
        for kind in KINDS
        for fold in folds
    ]


def served_numbers(
    fits: Sequence[Fit], folds: Sequence[Fold], scale: TargetScale, level: float
) -> dict[Kind, ServedNumber]:
    """Return how each kind is served, from the fits of `residual_jobs`."""
    served = {}
    for place, kind in enumerate(KINDS):
        own = fits[place * len(folds) : (place + 1) * len(folds)]
        residuals = np.concatenate(
            [
                np.abs(scale.bend(fit.score_logits[:, 0]) - scale.bend(fold.actual[fold.score]))
                for fit, fold in zip(own, folds, strict=True)
            ]
        )
        served[kind] = ServedNumber(scale, level, half_width(residuals, level), len(residuals))
    return served


def coverage(served: ServedNumber, predictions: Floats, y: Floats, confidence: float) -> Coverage:
    """Count how many rows lie within the intervals of their predictions."""
    low, high = served.ends(predictions)
    share = float(((low <= y) & (y <= high)).mean())
    return Coverage(
        served.level,
        served.residuals,
        wilson(share, len(y), confidence),
        float((high - low).mean()),
    )
