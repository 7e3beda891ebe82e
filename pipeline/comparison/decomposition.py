"""Bias and variance, measured on bootstrap training sets.

Log loss is decomposed after Heskes 1998 (doi:10.1162/089976698300017232): with m the normalized
geometric mean of the networks' probabilities, the mean log loss of a row is -log m(y), its bias,
plus the mean Kullback-Leibler divergence from m to the networks, its variance; exactly. With one
label per row, label noise cannot be distinguished from bias and is contained in it. Errors are
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
from scipy.special import log_expit, log_softmax, logsumexp

from pipeline.comparison.jobs import Job
from pipeline.comparison.kinds import KINDS, Kind
from pipeline.config.sections.regularization import Regularization
from pipeline.config.sections.train import TrainParams
from pipeline.data.prepare import Fold
from pipeline.statistics.bootstrap import mean_difference
from pipeline.statistics.intervals import Difference
from pipeline.tasks.arrays import Floats, Labels
from pipeline.training.architecture import Architecture
from pipeline.training.fit import Fit, Member, watched


@dataclass(frozen=True)
class Terms:
    """The terms of one kind of network, means over the test rows and the bootstrap sets.

    log_loss = bias + variance, and error = error_bias + error_variance.
    seed_variance: the variance among networks of one training set that differ in their seed alone.
    """

    log_loss: float
    bias: float
    variance: float
    seed_variance: float
    error: float
    error_bias: float
    error_variance: float


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
    y: Labels,
    resamples: int,
    confidence: float,
) -> Decomposition:
    """Decompose the losses of the fits of `bootstrap_jobs`.

    seed_fits: fits of each kind on the rows that the sets are drawn from, differing in seed.
    """
    by_row, means = {}, {}
    for place, kind in enumerate(KINDS):
        logits = _logits(fits[place :: len(KINDS)])
        bias, variance = log_loss_terms(logits, y)
        error, error_bias = error_terms(logits, y)
        by_row[kind] = bias, variance
        means[kind] = Terms(
            log_loss=float((bias + variance).mean()),
            bias=float(bias.mean()),
            variance=float(variance.mean()),
            seed_variance=float(log_loss_terms(_logits(seed_fits[kind]), y)[1].mean()),
            error=float(error.mean()),
            error_bias=float(error_bias.mean()),
            error_variance=float((error - error_bias).mean()),
        )
    differences = [
        mean_difference((tuned - baseline)[None], resamples, confidence)
        for tuned, baseline in zip(by_row["tuned"], by_row["baseline"], strict=True)
    ]
    return Decomposition(len(fits) // len(KINDS), means["tuned"], means["baseline"], *differences)


def _logits(fits: Sequence[Fit]) -> Floats:
    """Stack the logits: (network, test row, output)."""
    return np.stack([fit.score_logits for fit in fits]).astype(float)


def log_loss_terms(logits: Floats, y: Labels) -> tuple[Floats, Floats]:
    """Return (row,) bias and variance of the log loss, from logits (network, row, output)."""
    z = np.asarray(logits, np.float64)
    if z.shape[-1] == 1:
        log_p = np.concatenate([log_expit(-z), log_expit(z)], axis=-1)
    else:
        log_p = log_softmax(z, axis=-1)
    geometric = log_p.mean(0)
    total = logsumexp(geometric, axis=-1)
    return total - geometric[np.arange(len(y)), y], -total


def error_terms(logits: Floats, y: Labels) -> tuple[Floats, Floats]:
    """Return the (row,) share of networks that are wrong, and whether their mode is wrong."""
    z = np.asarray(logits)
    predicted = (z[..., 0] > 0).astype(int) if z.shape[-1] == 1 else z.argmax(-1)
    votes = np.stack([(predicted == label).sum(0) for label in range(max(2, z.shape[-1]))])
    return (predicted != y).mean(0), (votes.argmax(0) != y).astype(float)
