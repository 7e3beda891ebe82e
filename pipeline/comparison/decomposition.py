"""Bias and variance, measured on bootstrap training sets.

The loss is decomposed as its task says, so that bias and variance add up to it. With one target per
row, its noise cannot be distinguished from bias and is contained in it. Errors of classes are
decomposed after Domingos 2000 (A unified bias-variance decomposition, ICML): the bias is the error
of the most frequent prediction, and the net variance is the rest of the error.

The sets are drawn with replacement from the training rows (Breiman 1996, Bias, variance, and
arcing classifiers, has the same estimator). Each holds 63 % of the distinct rows, so both terms
belong to a somewhat smaller training set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.comparison.jobs import Job
from pipeline.comparison.kinds import KINDS, Kind
from pipeline.config.sections.regularization import Regularization
from pipeline.config.sections.train import TrainParams
from pipeline.data.prepare import Fold
from pipeline.statistics.bootstrap import mean_difference
from pipeline.statistics.intervals import Difference
from pipeline.tasks.arrays import Floats
from pipeline.tasks.metric import Targets
from pipeline.tasks.task import Task
from pipeline.training.architecture import Architecture
from pipeline.training.fit import Fit, Member, watched


@dataclass(frozen=True)
class Terms:
    """The terms of one kind of network, means over the test rows and the bootstrap sets.

    loss = bias + variance, and error = error_bias + error_variance; no error without classes.
    seed_variance: the variance among networks of one training set that differ in their seed alone.
    """

    loss: float
    bias: float
    variance: float
    seed_variance: float
    error: float | None
    error_bias: float | None
    error_variance: float | None


@dataclass(frozen=True)
class Decomposition:
    """Both kinds on the same bootstrap sets. Differences: tuned minus baseline, over test rows."""

    sets: int
    tuned: Terms
    baseline: Terms
    bias_difference: Difference
    variance_difference: Difference


def bootstrap_jobs(
    kinds: Mapping[Kind, Regularization],
    fold: Fold,
    architecture: Architecture,
    train: TrainParams,
    sets: int,
    seed: int,
) -> list[Job]:
    """List the networks of both kinds, set by set; both kinds of a set have the same seed."""
    jobs = []
    for number in range(sets):
        rng = np.random.default_rng([seed, number])
        drawn = replace(fold, fit=rng.choice(fold.fit, len(fold.fit)).astype(np.int32))
        jobs += [
            Job(
                Member(watched(drawn, kinds[kind]), kinds[kind], seed + number),
                architecture,
                train,
                "a bootstrap network",
                keep_weights=False,
            )
            for kind in KINDS
        ]
    return jobs


def decompose(
    fits: Sequence[Fit],
    seed_fits: Mapping[Kind, Sequence[Fit]],
    y: Targets,
    task: Task,
    resamples: int,
    confidence: float,
) -> Decomposition:
    """Decompose the losses of the fits of `bootstrap_jobs`.

    seed_fits: fits of each kind on the rows that the sets are drawn from, differing in seed.
    """
    by_row, means = {}, {}
    for place, kind in enumerate(KINDS):
        logits = _logits(fits[place :: len(KINDS)])
        bias, variance = task.terms(logits, y)
        errors = task.error_terms(logits, y) if task.error_terms else None
        by_row[kind] = bias, variance
        means[kind] = Terms(
            loss=float((bias + variance).mean()),
            bias=float(bias.mean()),
            variance=float(variance.mean()),
            seed_variance=float(task.terms(_logits(seed_fits[kind]), y)[1].mean()),
            error=float(errors[0].mean()) if errors else None,
            error_bias=float(errors[1].mean()) if errors else None,
            error_variance=float((errors[0] - errors[1]).mean()) if errors else None,
        )
    differences = [
        mean_difference((tuned - baseline)[None], resamples, confidence)
        for tuned, baseline in zip(by_row["tuned"], by_row["baseline"], strict=True)
    ]
    return Decomposition(len(fits) // len(KINDS), means["tuned"], means["baseline"], *differences)


def _logits(fits: Sequence[Fit]) -> Floats:
    """Stack the logits: (network, test row, output)."""
    return np.stack([fit.score_logits for fit in fits]).astype(float)
