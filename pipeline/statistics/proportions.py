"""Intervals of proportions and areas that stay honest at their bounds.

Where every row is ranked or recognized right, each bootstrap resample gives 1 and its interval is a
point. (So is DeLong's: its variance is that of the same placements.) Score intervals hold the true
values under which the data are not surprising, and so keep a width there.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
from scipy.special import ndtri

from pipeline.statistics.intervals import Interval
from pipeline.tasks.arrays import Labels

NEAR = 1e-9


def wilson(share: float, rows: int, confidence: float) -> Interval:
    """Return Wilson's score interval of a share of rows, also if it is a mean over networks."""
    from statsmodels.stats.proportion import proportion_confint  # only here: it takes a second

    low, high = proportion_confint(share * rows, rows, alpha=1 - confidence, method="wilson")
    # At 0 and 1 the bound equals the share itself, up to rounding.
    return Interval(share, max(0.0, min(share, float(low))), min(1.0, max(share, float(high))))


def area(auc: float, positive: int, negative: int, confidence: float) -> Interval:
    """Return the score interval of an area under the ROC curve.

    Newcombe 2006, method 5 (doi:10.1002/sim.2324): Hanley and McNeil's variance at the
    hypothetical true area, not at the estimate, so it has a width at 1 too.
    """
    from scipy.optimize import brentq  # only here: it takes a quarter of a second

    z = ndtri((1 + confidence) / 2)
    pairs, half = positive * negative, (positive + negative) / 2 - 1

    def surplus(true: float) -> float:
        spread = 1 + half * ((1 - true) / (2 - true) + true / (1 + true))
        return float(z**2 * true * (1 - true) * spread / pairs - (auc - true) ** 2)

    # Where nothing or everything is ranked right, 0 or 1 is a root too; the bound is the other one.
    low = 0.0 if auc < NEAR else brentq(surplus, 0.0, min(auc, 1 - NEAR))
    high = 1.0 if auc > 1 - NEAR else brentq(surplus, max(auc, NEAR), 1.0)
    return Interval(auc, float(low), float(high))


def macro_area(auc: float, y: Labels, classes: int, confidence: float) -> Interval:
    """Return the score interval of a ROC area, for several classes that of their macro average.

    The rarest class has the widest interval, and the macro average gets that one, to be safe.
    """
    counts = np.bincount(y, minlength=classes)
    rare = int(counts[1] if classes == 2 else counts[counts > 0].min())
    return area(auc, rare, len(y) - rare, confidence)


def mean_recall(recalls: list[float], rows: list[int], confidence: float) -> Interval:
    """Return the interval of the mean of independent shares, combined from Wilson's by MOVER."""
    parts = [wilson(recall, n, confidence) for recall, n in zip(recalls, rows, strict=True)]
    estimate = float(np.mean(recalls))
    below = sqrt(sum((part.estimate - part.low) ** 2 for part in parts)) / len(parts)
    above = sqrt(sum((part.high - part.estimate) ** 2 for part in parts)) / len(parts)
    return Interval(estimate, max(0.0, estimate - below), min(1.0, estimate + above))


def difference(first: Interval, second: Interval, correlation: float) -> Interval:
    """Return the interval of first minus second, from the correlation of their estimates.

    By MOVER: Zou and Donner 2008, doi:10.1002/sim.3095.
    """

    def reach(down: float, up: float) -> float:
        return sqrt(max(0.0, down**2 + up**2 - 2 * correlation * down * up))

    estimate = first.estimate - second.estimate
    below = reach(first.estimate - first.low, second.high - second.estimate)
    above = reach(first.high - first.estimate, second.estimate - second.low)
    return Interval(estimate, max(-1.0, estimate - below), min(1.0, estimate + above))


def hull(first: Interval, second: Interval) -> Interval:
    """Return the interval that holds both, with the estimate of the first."""
    return Interval(first.estimate, min(first.low, second.low), max(first.high, second.high))
