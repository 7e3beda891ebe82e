"""Intervals of means over rows and networks, which both are samples.

values[s, i] is the value of network s (of seed s) on row i: a loss, or a difference of two losses.
The rows could have been others, and so could the seeds; a statement about both needs both
variances.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.special import ndtri, stdtr, stdtrit

from pipeline.statistics.intervals import Difference
from pipeline.tasks.arrays import Floats

POWER = 0.80
# Entries of one block of resamples, so that memory does not grow with rows times resamples.
BLOCK_ENTRIES = 4_000_000


def mean_differences(
    values: Sequence[Floats], resamples: int, confidence: float, seed: int
) -> list[Difference]:
    """Return mean, interval and p-value of each of several (seed, row) arrays of differences.

    Each interval is the hull of two: Student's, with the variance of the row means plus that of the
    seed means and Satterthwaite's degrees of freedom; and the bootstrap-t of the same statistic
    over rows and seeds (Efron and Tibshirani 1993, ch. 12; pigeonhole resampling after Owen 2007,
    doi:10.1214/07-AOAS122). On few rows with a long tail, which losses have, each alone is too
    short on one side; together they cover (simulated in the tests). The p-value is the larger of
    the two. All arrays see the same resamples.
    """
    shapes = {array.shape for array in values}
    if not shapes:
        return []
    (seeds, rows), *_ = shapes
    draws: list[list[Floats]] = [[] for _ in values]
    for row_counts, seed_counts in _resamples(rows, seeds, resamples, seed):
        for blocks, array in zip(draws, values, strict=True):
            blocks.append(_studentized(array, row_counts, seed_counts))
    return [
        _difference(array, np.concatenate(blocks), confidence)
        for array, blocks in zip(values, draws, strict=True)
    ]


def mean_difference(values: Floats, resamples: int, confidence: float, seed: int = 0) -> Difference:
    """Return the same as `mean_differences` for a single (seed, row) array."""
    return mean_differences([values], resamples, confidence, seed)[0]


def _difference(values: Floats, draws: Floats, confidence: float) -> Difference:
    """Summarize differences; draws: (resample,) studentized means, of those with a variance."""
    estimate, error, freedom = _standard_error(values)
    if error == 0:
        return Difference(estimate, estimate, estimate, 1.0 if estimate == 0 else 0.0, 0.0)
    tails = ((1 - confidence) / 2, (1 + confidence) / 2)
    student = stdtrit(freedom, tails)
    drawn = np.quantile(draws, tails) if len(draws) else student
    ratio = estimate / error
    beyond = min(np.sum(draws >= ratio), np.sum(draws <= ratio))
    low, high = min(student[0], drawn[0]), max(student[1], drawn[1])
    return Difference(
        estimate,
        float(estimate - high * error),
        float(estimate - low * error),
        p_value=float(
            max(2 * stdtr(freedom, -abs(ratio)), min(1.0, 2 * (beyond + 1) / (len(draws) + 1)))
        ),
        detectable=float((student[1] + ndtri(POWER)) * error),
    )


def _standard_error(values: Floats) -> tuple[float, float, float]:
    """Return the mean over rows and seeds, its standard error and its degrees of freedom."""
    seeds, rows = values.shape
    parts = [(values.mean(0).var(ddof=1) / rows, rows - 1)] if rows > 1 else []
    if seeds > 1:
        parts.append((values.mean(1).var(ddof=1) / seeds, seeds - 1))
    variance = sum(part for part, _ in parts)
    if variance == 0:
        return float(values.mean()), 0.0, 1.0
    freedom = variance**2 / sum(part**2 / degrees for part, degrees in parts)
    return float(values.mean()), float(np.sqrt(variance)), float(freedom)


def _studentized(values: Floats, rows: Floats, seeds: Floats) -> Floats:
    """Return (resample,) distances of resampled means from the mean, in their standard errors.

    rows, seeds: (resample, row) and (resample, seed) counts of draws.
    """
    n_seeds, n_rows = values.shape
    row_means = seeds @ values / n_seeds
    means = (rows * row_means).sum(1) / n_rows
    variance = ((rows * (row_means - means[:, None]) ** 2).sum(1) / max(n_rows - 1, 1)) / n_rows
    if n_seeds > 1:
        seed_means = rows @ values.T / n_rows
        spread = (seeds * (seed_means - means[:, None]) ** 2).sum(1) / (n_seeds - 1)
        variance += spread / n_seeds
    # A resample of one value over and over has no error to measure by.
    usable = variance > 0
    return np.asarray((means[usable] - values.mean()) / np.sqrt(variance[usable]))


def _resamples(rows: int, seeds: int, resamples: int, seed: int) -> Iterator[tuple[Floats, Floats]]:
    """Yield blocks of (resample, row) and (resample, seed) counts of draws with replacement."""
    rng = np.random.default_rng(seed)
    block = max(1, BLOCK_ENTRIES // rows)
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        counts = rng.multinomial(rows, np.full(rows, 1 / rows), size).astype(float)
        yield counts, rng.multinomial(seeds, np.full(seeds, 1 / seeds), size).astype(float)
