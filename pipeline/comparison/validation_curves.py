"""Validation curves: the cross-validated loss along one technique, all others off."""

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
from pipeline.tasks.task import Task
from pipeline.training.architecture import Architecture
from pipeline.training.fit import Fit, Member, watched


@dataclass(frozen=True)
class CurvePoint:
    """A value (None: switched off) and its loss on the held-out folds and while training.

    train_loss: None where fits learn another loss than the held-out one. spread, low, high: sample
    standard deviation, minimum and maximum of the held-out loss over the folds.
    """

    value: float | None
    cv_loss: float
    train_loss: float | None
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
        technique.name: grid(technique, space, points)
        for technique in acting_techniques(network, space)
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
    values: dict[str, list[float]], folds: Sequence[Fold], fits: Sequence[Fit], task: Task
) -> tuple[ValidationCurve, ...]:
    """Return the curves from the fits of `curve_jobs`."""
    if not values:
        return ()
    k = len(folds)
    waves = iter(fits[start : start + k] for start in range(0, len(fits), k))
    off = _point(None, folds, next(waves), task)
    curves = []
    for name, strengths in values.items():
        points = tuple(_point(value, folds, next(waves), task) for value in strengths)
        best = min(points, key=lambda point: point.cv_loss).value
        assert best is not None
        curves.append(ValidationCurve(name, BY_NAME[name].title, (off, *points), best))
    return tuple(curves)


def _point(
    value: float | None, folds: Sequence[Fold], fits: Sequence[Fit], task: Task
) -> CurvePoint:
    pairs = list(zip(fits, folds, strict=True))
    while_training = [fold.loss_in_units(float(fit.loss[fit.kept_epoch])) for fit, fold in pairs]
    trained = [loss for loss in while_training if loss is not None]
    held_out = [
        task.row_loss(fit.score_logits, fold.actual[fold.score]).mean() for fit, fold in pairs
    ]
    return CurvePoint(
        value,
        float(np.mean(held_out)),
        float(np.mean(trained)) if trained else None,
        float(np.std(held_out, ddof=1)),
        float(np.min(held_out)),
        float(np.max(held_out)),
    )
