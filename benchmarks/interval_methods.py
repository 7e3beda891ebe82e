"""Intervals of the difference of two procedures, beside the one the pipeline uses.

Each takes differences (pair, repeat, row) and fold (repeat, row) and returns (pair, 2) bounds,
uncorrected for the number of pairs.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.stats import t

from pipeline.statistics.bootstrap import mean_differences
from pipeline.statistics.nested import procedure_differences
from pipeline.tasks.arrays import Floats, Labels

CONFIDENCE, RESAMPLES = 0.95, 400
TAILS = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)

Method = Callable[[Floats, Labels], Floats]


def resampled_t(differences: Floats, fold: Labels) -> Floats:
    """Return the corrected resampled t (Nadeau and Bengio 2003) of the fold means."""
    folds = int(fold.max()) + 1
    means = np.stack(
        [
            differences[:, repeat, number == k].mean(1)
            for repeat, number in enumerate(fold)
            for k in range(folds)
        ],
        axis=1,
    )
    count = means.shape[1]
    error = np.sqrt((1 / count + 1 / (folds - 1)) * means.var(1, ddof=1))
    return np.asarray(means.mean(1)[:, None] + t.ppf(TAILS, count - 1) * error[:, None])


def rows_alone(differences: Floats, fold: Labels) -> Floats:
    """Return the wider of Student's t and bootstrap-t over rows, averaged over the repetitions."""
    del fold
    return _bounds(list(differences.mean(1, keepdims=True)))


def rows_and_repetitions(differences: Floats, fold: Labels) -> Floats:
    """Return the same with the variance of the repetitions' means, as if they were seeds."""
    del fold
    return _bounds(list(differences))


def rows_and_fits(differences: Floats, fold: Labels) -> Floats:
    """Return the interval that the pipeline uses."""
    # All together hold with this confidence where each alone holds with the wanted one.
    together = 1 - (1 - CONFIDENCE) * len(differences)
    intervals = procedure_differences(
        list(differences), fold, confidence=together, resamples=RESAMPLES, seed=0
    )
    return np.array([(interval.low, interval.high) for interval in intervals])


def one_split(differences: Floats) -> Floats:
    """Return the interval of (pair, seed, row) differences on one test set, as `compare` has it."""
    return _bounds(list(differences))


def bbc_cv(losses: Floats) -> Floats:
    """Return (2,) bounds of the best minus the first of (configuration, row) losses.

    Bootstrap bias corrected cross-validation (Tsamardinos, Greasidou and Borboudakis 2018,
    doi:10.1007/s10994-018-5714-4): the configuration with the least loss on drawn rows is judged on
    the others.
    """
    rows = losses.shape[1]
    counts = np.random.default_rng(0).multinomial(rows, np.full(rows, 1 / rows), RESAMPLES)
    best = (counts @ losses.T).argmin(1)
    left = counts == 0
    means = left @ losses.T / left.sum(1, keepdims=True)
    return np.asarray(np.quantile(means[np.arange(RESAMPLES), best] - means[:, 0], TAILS))


def _bounds(values: list[Floats]) -> Floats:
    intervals = mean_differences(values, RESAMPLES, CONFIDENCE, 0)
    return np.array([(interval.low, interval.high) for interval in intervals])


METHODS: dict[str, Method] = {
    "corrected resampled t": resampled_t,
    "rows": rows_alone,
    "rows and repetitions": rows_and_repetitions,
    "rows and fits": rows_and_fits,
}
