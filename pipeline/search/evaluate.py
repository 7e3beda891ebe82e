"""From parameters to a score by cross-validation: a pure function."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict

from pipeline.data.prepare import Fold
from pipeline.evidence import metrics
from pipeline.params import NetworkParams, Regularization, TrainParams
from pipeline.training.architecture import Architecture
from pipeline.training.fit import Fit, FloatArray, Member

Trainer = Callable[[Sequence[Member], Architecture, TrainParams], list[Fit]]


class FoldScore(BaseModel):
    """How one fit did on the rows of its fold."""

    model_config = ConfigDict(frozen=True)

    log_loss: float
    accuracy: float
    roc_auc: float


class Score(BaseModel):
    """How a trial did.

    folds: in fold order. epochs: trained, per fold. curves: (epoch,) means over the folds still
    training in that epoch, of the log loss on fitting rows and on stop rows.
    failure: why there is no score, or None.
    """

    model_config = ConfigDict(frozen=True)

    folds: tuple[FoldScore, ...] = ()
    epochs: tuple[int, ...] = ()
    train_curve: tuple[float, ...] = ()
    val_curve: tuple[float, ...] = ()
    failure: str | None = None

    def mean(self, metric: str) -> float:
        """Mean of a metric over the folds."""
        return float(np.mean([getattr(fold, metric) for fold in self.folds]))

    def std(self, metric: str) -> float:
        """Sample standard deviation of a metric over the folds."""
        return float(np.std([getattr(fold, metric) for fold in self.folds], ddof=1))


def evaluate(
    wave: Sequence[Regularization],
    folds: Sequence[Fold],
    network: NetworkParams,
    train: TrainParams,
    classes: int,
    seed: int,
    trainer: Trainer,
) -> list[Score]:
    """Cross-validate each of a wave's parameters.

    A score depends on the parameters, the folds and the seed alone: not on the rest of the wave.
    """
    architecture = Architecture.of(network, folds[0].x.shape[1], classes)
    members = [Member(fold, regularization, seed) for regularization in wave for fold in folds]
    fits = trainer(members, architecture, train)
    k = len(folds)
    return [_score(fits[start : start + k], folds) for start in range(0, len(fits), k)]


def _score(fits: Sequence[Fit], folds: Sequence[Fold]) -> Score:
    for number, fit in enumerate(fits):
        if fit.failure is not None:
            return Score(failure=f"fold {number}: {fit.failure}")
    scores = []
    for fit, fold in zip(fits, folds, strict=True):
        y = fold.y[fold.score]
        p = metrics.probabilities(fit.score_logits)
        scores.append(
            FoldScore(
                log_loss=float(metrics.row_log_loss(fit.score_logits, y).mean()),
                accuracy=metrics.accuracy(p, y),
                roc_auc=metrics.roc_auc(p, y),
            )
        )
    return Score(
        folds=tuple(scores),
        epochs=tuple(len(fit.val_log_loss) for fit in fits),
        train_curve=_mean_curve([fit.log_loss for fit in fits]),
        val_curve=_mean_curve([fit.val_log_loss for fit in fits]),
    )


def _mean_curve(curves: Sequence[FloatArray]) -> tuple[float, ...]:
    """(epoch,) mean over those curves that reach the epoch."""
    table = np.full((len(curves), max(map(len, curves))), np.nan)
    for row, curve in zip(table, curves, strict=True):
        row[: len(curve)] = curve
    return tuple(float(value) for value in np.nanmean(table, axis=0))
