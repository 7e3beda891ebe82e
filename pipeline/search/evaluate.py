"""Score regularizations by cross-validation: a pure function."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.config.sections.network import NetworkParams
from pipeline.config.sections.regularization import Regularization
from pipeline.config.sections.train import TrainParams
from pipeline.data.prepare import Fold
from pipeline.search.score import Score
from pipeline.tasks.known import task_of
from pipeline.tasks.task import Task
from pipeline.training.architecture import Architecture
from pipeline.training.arrays import FloatArray
from pipeline.training.fit import Fit, Member, Trainer


def evaluate(
    wave: Sequence[Regularization],
    folds: Sequence[Fold],
    network: NetworkParams,
    train: TrainParams,
    classes: int,
    seed: int,
    trainer: Trainer,
) -> list[Score]:
    """Cross-validate each regularization of a wave, and return their scores in the same order.

    A score depends on the regularization, the folds and the seed alone, not on the wave's others.
    """
    architecture = Architecture.of(network, folds[0].x.shape[1], classes)
    members = [Member(fold, regularization, seed) for regularization in wave for fold in folds]
    fits = trainer(members, architecture, train, keep_weights=False)
    k, task = len(folds), task_of(classes)
    return [_score(fits[start : start + k], folds, task) for start in range(0, len(fits), k)]


def _score(fits: Sequence[Fit], folds: Sequence[Fold], task: Task) -> Score:
    for number, fit in enumerate(fits):
        if fit.failure is not None:
            return Score(failure=f"fold {number}: {fit.failure}")
    scores = [
        task.score(fit.score_logits, fold.actual[fold.score])
        for fit, fold in zip(fits, folds, strict=True)
    ]
    return Score(
        folds=tuple(scores),
        epochs=tuple(len(fit.val_loss) for fit in fits),
        loss=_mean_curve([fit.loss for fit in fits]),
        val_loss=_mean_curve([fit.val_loss for fit in fits]),
    )


def _mean_curve(curves: Sequence[FloatArray]) -> tuple[float, ...]:
    """Return the mean (epoch,) over the curves that reach the epoch."""
    table = np.full((len(curves), max(map(len, curves))), np.nan)
    for row, curve in zip(table, curves, strict=True):
        row[: len(curve)] = curve
    return tuple(float(value) for value in np.nanmean(table, axis=0))
