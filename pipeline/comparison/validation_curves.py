"""Validation curves: the cross-validated log loss along one technique, all others off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from pipeline.comparison.jobs import Job
from pipeline.config.sections.network import NetworkParams
from pipeline.config.sections.regularization import OFF, SpaceParams
from pipeline.config.sections.train import TrainParams
from pipeline.data.prepare import Fold
from pipeline.evaluation.variants import acting_techniques, grid, with_strength
from pipeline.regularizers import BY_NAME
from pipeline.tasks.classification import row_log_loss
from pipeline.training.architecture import Architecture
from pipeline.training.fit import Fit, Member, watched


@dataclass(frozen=True)
class CurvePoint:
    """A value (None: switched off) and its log loss on the held-out folds and while training.

    spread, low, high: sample standard deviation, minimum and maximum of the held-out log loss over
    the folds.
    """

    value: float | None
    cv_log_loss: float
    train_log_loss: float
    spread: float
    low: float
    high: float


@dataclass(frozen=True)
class ValidationCurve:
    """The curve of one technique alone. best: the strength at its lowest point that is not off."""

    part: str
    title: str
    points: tuple[CurvePoint, ...]
    best: float


def curve_values(network: NetworkParams, space: SpaceParams, points: int) -> dict[str, list[float]]:
    """Return the values to try of each technique that can act; none if points is 0."""
    if points == 0:
        return {}
    grids = {
        technique.name: grid(technique, space, points) for technique in acting_techniques(network)
    }
    return {name: grid for name, grid in grids.items() if grid}


def curve_jobs(
    values: dict[str, list[float]],
    folds: Sequence[Fold],
    architecture: Architecture,
    train: TrainParams,
    seed: int,
) -> list[Job]:
    """List the network with all techniques off, and that of each value, on every fold."""
    if not values:
        return []
    regularizations = [
        OFF,
        *(
            with_strength(OFF, BY_NAME[name], value)
            for name, strengths in values.items()
            for value in strengths
        ),
    ]
    unwatched = [watched(fold, OFF) for fold in folds]
    job = partial(Job, architecture=architecture, train=train, name="a validation-curve network")
    return [
        job(Member(fold, regularization, seed), keep_weights=False)
        for regularization in regularizations
        for fold in (unwatched if regularization.patience is None else folds)
    ]


def validation_curves(
    values: dict[str, list[float]], folds: Sequence[Fold], fits: Sequence[Fit]
) -> tuple[ValidationCurve, ...]:
    """Return the curves from the fits of `curve_jobs`."""
    if not values:
        return ()
    k = len(folds)
    waves = iter(fits[start : start + k] for start in range(0, len(fits), k))
    off = _point(None, folds, next(waves))
    curves = []
    for name, strengths in values.items():
        points = tuple(_point(value, folds, next(waves)) for value in strengths)
        best = min(points, key=lambda point: point.cv_log_loss).value
        assert best is not None
        curves.append(ValidationCurve(name, BY_NAME[name].title, (off, *points), best))
    return tuple(curves)


def _point(value: float | None, folds: Sequence[Fold], fits: Sequence[Fit]) -> CurvePoint:
    held_out = [
        row_log_loss(fit.score_logits, fold.y[fold.score]).mean()
        for fit, fold in zip(fits, folds, strict=True)
    ]
    return CurvePoint(
        value,
        float(np.mean(held_out)),
        float(np.mean([fit.loss[fit.kept_epoch] for fit in fits])),
        float(np.std(held_out, ddof=1)),
        float(np.min(held_out)),
        float(np.max(held_out)),
    )
