"""Say how far the mean difference of two procedures can be trusted, by repeated cross-validation.

differences[r, i] is the loss of one procedure minus that of another on row i, by the networks of
repetition r that were not fitted on row i's fold. fold[r, i] is that fold's number.

Two things could have been otherwise: the rows, which train and test alike, and what is drawn for
each fit (the rows of its training part, initial weights, batches). The first shows in how much the
rows differ, averaged over the repetitions. The second moves all rows of a fold together, so rows
alone do not show it; it shows in how far whole folds are from what their rows have in the other
repetitions. `make bench PARTS=coverage` measures how often the interval made from both holds the
truth, beside other intervals; docs/regularization.md has the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

import numpy as np
from scipy.special import stdtr, stdtrit

from pipeline.statistics.intervals import Interval
from pipeline.tasks.arrays import Floats, Labels

# The variance of the fits is taken to be at least this part of its own standard error, because an
# estimate of 0 from a few folds is no proof that fits agree. Chosen by `make bench PARTS=coverage`.
LEAST_FIT_ERROR = 0.5
# Units drawn at once: as many as a core's cache holds.
BLOCK_DRAWS = 2**17
# So many resamples are to lie beyond each end of an interval.
TAIL_DRAWS = 10


@dataclass(frozen=True)
class ProcedureDifference(Interval):
    """The mean difference in loss of two procedures; below 0, the first is better.

    p_value: two-sided, of no difference. helps_probability: how probable it is that the true
    difference is below 0, when nothing was known of it before. standard_error: of the estimate,
    over other rows and other fits. confidence: of the interval alone.
    """

    p_value: float
    helps_probability: float
    standard_error: float
    confidence: float


def procedure_difference(
    differences: Floats,
    fold: Labels,
    *,
    confidence: float,
    resamples: int,
    seed: int,
    groups: Labels | None = None,
) -> ProcedureDifference:
    """Return the mean of (repeat, row) differences, its interval and its p-value.

    fold: (repeat, row) numbers of outer folds. groups: (row,) group numbers, where rows of a group
    belong together; then groups are drawn and not rows.

    The interval holds two, Student's and the bootstrap-t over rows, both with the variance of rows
    and fits: on losses, which have a long tail, each alone is too short on one side.
    """
    return procedure_differences(
        [differences], fold, confidence=confidence, resamples=resamples, seed=seed, groups=groups
    )[0]


def procedure_differences(
    differences: Sequence[Floats],
    fold: Labels,
    *,
    confidence: float,
    resamples: int,
    seed: int,
    groups: Labels | None = None,
) -> list[ProcedureDifference]:
    """Return several differences on the same rows and folds, corrected for their number.

    All intervals together hold with the confidence, and the p-values are corrected likewise
    (Bonferroni): one is below 1 - confidence where its interval excludes 0, and only there.
    helps_probability is of each difference alone.
    """
    if not differences:
        return []
    count = len(differences)
    alone = 1 - (1 - confidence) / count
    enough = max(resamples, ceil(2 * TAIL_DRAWS / (1 - alone)))
    samples = [_Sample.of(array, fold, groups) for array in differences]
    draws = _studentized(np.stack([sample.units for sample in samples]), enough, seed)
    return [
        _difference(sample, drawn, alone, count)
        for sample, drawn in zip(samples, draws, strict=True)
    ]


class _Sample(NamedTuple):
    """Holds what an interval is made of: units (row or group) whose mean it is about, and errors.

    unit_error: of the mean over units. error: that of the fits added. freedom: its degrees.
    """

    units: Floats
    unit_error: float
    error: float
    freedom: float

    @classmethod
    def of(cls, differences: Floats, fold: Labels, groups: Labels | None) -> _Sample:
        if differences.shape != fold.shape:
            raise ValueError(
                f"differences are {differences.shape} and folds {fold.shape}, want the same shape"
            )
        units = _units(differences.mean(0), groups)
        count = len(units)
        unit_variance = float(units.var(ddof=1)) / count if count > 1 else 0.0
        fit_variance, fit_freedom = _fit_variance(differences, fold)
        variance = unit_variance + fit_variance
        if variance == 0:
            return cls(units, 0.0, 0.0, 1.0)
        spread = unit_variance**2 / (count - 1) if count > 1 else 0.0
        spread += fit_variance**2 / fit_freedom
        return cls(units, unit_variance**0.5, variance**0.5, variance**2 / spread)


def _units(rows: Floats, groups: Labels | None) -> Floats:
    """Return the rows, or one value a group such that the values' mean and its error are right.

    The mean over rows is a ratio of sums over groups; a group's value is the mean plus what the
    group adds to it (linearized).
    """
    if groups is None:
        return rows
    _, number = np.unique(groups, return_inverse=True)
    added = np.bincount(number, rows - rows.mean())
    return np.asarray(rows.mean() + added * len(added) / len(rows))


def _fit_variance(differences: Floats, fold: Labels) -> tuple[float, float]:
    """Return the variance that fits add to the mean, and its degrees of freedom.

    By the method of moments. Take each row's mean over the repetitions off; what is left varies,
    averaged over a fold, by the fold's rows and by its fit, and how much rows vary is known. With
    one repetition there are only the fold means themselves.
    """
    repeats, rows = differences.shape
    folds = int(fold.max()) + 1
    place = (np.arange(repeats)[:, None] * folds + fold).ravel()
    sizes = np.bincount(place, minlength=repeats * folds)
    own = differences.mean(0) if repeats > 1 else differences.mean()
    left = differences - own
    means = np.bincount(place, left.ravel(), repeats * folds)[sizes > 0] / sizes[sizes > 0]
    per_row = float((1 / sizes[sizes > 0]).mean())
    if repeats > 1:
        freedom = (repeats - 1) * folds
        kept = 1 - 1 / repeats
        residual = float((left**2).sum()) / ((repeats - 1) * (rows - 1)) if rows > 1 else 0.0
        fit_share = kept**2 + kept / repeats / folds
    else:
        freedom = folds - 1
        kept = fit_share = 1 - 1 / folds
        within = left.ravel() - (np.bincount(place, left.ravel()) / np.maximum(sizes, 1))[place]
        residual = float((within**2).sum()) / max(rows - folds, 1)
    if freedom < 1 or fit_share <= kept * per_row:
        return 0.0, 1.0
    # The residual variance holds that of the fits as well.
    scale = fit_share - (kept * per_row if repeats > 1 else 0.0)
    by_rows = kept * per_row * residual
    variance = (float((means**2).mean()) - by_rows) / scale
    least = LEAST_FIT_ERROR * by_rows / scale * (2 / freedom) ** 0.5
    return max(least, variance) / (repeats * folds), float(freedom)


def _studentized(units: Floats, resamples: int, seed: int) -> list[Floats]:
    """Return (resample,) distances of resampled means from the mean, in their standard errors.

    units: (difference, unit). All differences see the same resamples.
    """
    differences, count = units.shape
    centered = units - units.mean(1, keepdims=True)
    means, squares = np.empty((2, differences, resamples))
    for at, counts in _resamples(count, resamples, seed):
        means[:, at] = centered @ counts.T / count
        squares[:, at] = centered**2 @ counts.T / count
    variance = (squares - means**2) / max(count - 1, 1)
    # A resample of one value over and over has no error to measure by.
    usable = variance > squares * 1e-12
    return [
        mean[good] / np.sqrt(error[good])
        for mean, error, good in zip(means, variance, usable, strict=True)
    ]


def _resamples(count: int, resamples: int, seed: int) -> Iterator[tuple[slice, Floats]]:
    """Yield blocks of (resample, unit) counts of draws with replacement, and their places."""
    rng = np.random.default_rng(seed)
    block = max(1, BLOCK_DRAWS // count)
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        drawn = rng.integers(count, size=(size, count))
        drawn += count * np.arange(size)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=size * count).reshape(size, count)
        yield slice(start, start + size), counts.astype(float)


def _difference(
    sample: _Sample, draws: Floats, confidence: float, count: int
) -> ProcedureDifference:
    estimate = float(sample.units.mean())
    if sample.error == 0:
        certain = 1.0 if estimate < 0 else 0.0
        return ProcedureDifference(
            estimate,
            estimate,
            estimate,
            p_value=1.0 if estimate == 0 else 0.0,
            helps_probability=0.5 if estimate == 0 else certain,
            standard_error=0.0,
            confidence=confidence,
        )
    tails = ((1 - confidence) / 2, (1 + confidence) / 2)
    student = stdtrit(sample.freedom, tails)
    drawn = np.quantile(draws, tails) if len(draws) else student
    low, high = min(student[0], drawn[0]), max(student[1], drawn[1])
    ratio = estimate / sample.error
    beyond = np.sum(draws >= ratio) if ratio > 0 else np.sum(draws <= ratio)
    one_sided = max(float(stdtr(sample.freedom, -abs(ratio))), (beyond + 1) / (len(draws) + 1))
    one_sided = min(0.5, one_sided)
    return ProcedureDifference(
        estimate,
        float(estimate - high * sample.error),
        float(estimate - low * sample.error),
        p_value=float(min(1.0, 2 * one_sided * count)),
        helps_probability=float(1 - one_sided if estimate < 0 else one_sided),
        standard_error=sample.error,
        confidence=confidence,
    )
