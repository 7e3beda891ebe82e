"""The whole search inside one outer training part, by cross-validation within it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.config.errors import InputError
from pipeline.config.params import Params
from pipeline.config.sections.regularization import Regularization
from pipeline.data.prepare import Fold
from pipeline.evaluation.arms import lone_strengths
from pipeline.evaluation.losses import fitted_temperature
from pipeline.search.inner import search_in_memory
from pipeline.tasks.arrays import Floats
from pipeline.tasks.known import task_of
from pipeline.tasks.metric import Targets
from pipeline.tasks.task import Task
from pipeline.training.architecture import Architecture
from pipeline.training.fit import Fit, Member, Trainer, watched


@dataclass(frozen=True, eq=False)
class InnerTrial:
    """One trial of the search.

    loss: mean over the inner folds of the loss of their rows; None if a fit failed.
    logits, y: (row, output) and (row,) of all inner folds' rows, each scored by a network that
    never saw it. epochs: trained in all.
    """

    regularization: Regularization
    loss: float | None
    logits: Floats
    y: Targets
    epochs: int

    @property
    def temperature(self) -> float:
        """Temperature that fits the predictions on the inner folds best."""
        return fitted_temperature(self.logits, self.y)


@dataclass(frozen=True, eq=False)
class InnerSearch:
    """Holds what a search found: all trials, and the best each technique can do alone, by name."""

    trials: Sequence[InnerTrial]
    alone: Mapping[str, InnerTrial]

    @property
    def baseline(self) -> InnerTrial:
        """The baseline's trial."""
        return self.trials[0]

    @property
    def best(self) -> InnerTrial:
        """The trial with the least loss, the earlier of equals."""
        return _best(self.trials)


def search_inside(
    folds: Sequence[Fold], classes: int, params: Params, trainer: Trainer, entropy: Sequence[int],
    seed: int,
) -> InnerSearch:  # fmt: skip
    """Search as `tune` does, in memory.

    The first trials are the baseline and each technique alone at a few strengths; the sampler
    learns from them. entropy: decides what the sampler proposes; seed: is that of every fit.
    """
    architecture = Architecture.of(params.network, folds[0].x.shape[1], classes)
    alone = lone_strengths(params.network, params.search.space, params.evaluate.strengths)

    def train(wave: Sequence[Regularization]) -> list[InnerTrial]:
        members = [Member(watched(fold, values), values, seed) for values in wave for fold in folds]
        fits = trainer(members, architecture, params.train, keep_weights=False)
        k, task = len(folds), task_of(classes)
        return [
            _trial(values, fits[start : start + k], folds, task)
            for values, start in zip(wave, range(0, len(fits), k), strict=True)
        ]

    found = search_in_memory(
        [params.baseline, *(values for strengths in alone.values() for values in strengths)],
        params.search.space,
        params.evaluate.trials,
        params.search.batch,
        entropy,
        train,
        lambda trial: trial.loss,
    )
    trials = [trial for _, trial in found]
    starts = np.cumsum([1, *map(len, alone.values())])
    return InnerSearch(
        trials,
        {
            name: _best(trials[start : start + len(strengths)])
            for (name, strengths), start in zip(alone.items(), starts[:-1], strict=True)
        },
    )


def _trial(
    regularization: Regularization, fits: Sequence[Fit], folds: Sequence[Fold], task: Task
) -> InnerTrial:
    failed = any(fit.failure for fit in fits)
    labels = [fold.actual[fold.score] for fold in folds]
    losses = [] if failed else [
        float(task.row_loss(fit.score_logits, y).mean())
        for fit, y in zip(fits, labels, strict=True)
    ]  # fmt: skip
    return InnerTrial(
        regularization,
        float(np.mean(losses)) if losses else None,
        np.concatenate([fit.score_logits for fit in fits]),
        np.concatenate(labels),
        sum(len(fit.val_loss) for fit in fits),
    )


def _best(trials: Sequence[InnerTrial]) -> InnerTrial:
    scored = [(trial.loss, number) for number, trial in enumerate(trials) if trial.loss is not None]
    if not scored:
        raise InputError(
            "evaluate: no network of an inner search has a finite loss, want at least one."
            " Lower train.learning_rate, or look for extreme values in the data."
        )
    return trials[min(scored)[1]]
