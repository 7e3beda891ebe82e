"""Intervals of proportions and areas that stay honest at their bounds.

Where every row is ranked or recognized right, each bootstrap resample says 1 and its interval is a
point. (So is DeLong's: its variance is that of the same placements.) Score intervals ask which
true values could well have given what was seen, and so keep a width there.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm
from statsmodels.stats.proportion import proportion_confint

from pipeline.statistics.intervals import Interval
from pipeline.tasks.arrays import Labels

NEAR = 1e-9


def wilson(share: float, rows: int, confidence: float) -> Interval:
    """Wilson's score interval of a share of this many rows, whole rows or a mean over networks."""
    low, high = proportion_confint(share * rows, rows, alpha=1 - confidence, method="wilson")
    # At 0 and 1 the bound is the share itself, but for rounding.
    return Interval(share, max(0.0, min(share, float(low))), min(1.0, max(share, float(high))))


def area(auc: float, positive: int, negative: int, confidence: float) -> Interval:
    """Score interval of an area under the ROC curve.

    Newcombe 2006, method 5 (doi:10.1002/sim.2324): Hanley and McNeil's variance at the supposed
    true area, not at the estimate, so it has a width at 1 too.
    """
    z = norm.ppf((1 + confidence) / 2)
    pairs, half = positive * negative, (positive + negative) / 2 - 1

    def surplus(true: float) -> float:
        spread = 1 + half * ((1 - true) / (2 - true) + true / (1 + true))
        return float(z**2 * true * (1 - true) * spread / pairs - (auc - true) ** 2)

    # 0 and 1 are roots too where nothing or everything is ranked right; another one is wanted.
    low = 0.0 if auc < NEAR else brentq(surplus, 0.0, min(auc, 1 - NEAR))
    high = 1.0 if auc > 1 - NEAR else brentq(surplus, max(auc, NEAR), 1.0)
    return Interval(auc, float(low), float(high))


def macro_area(auc: float, y: Labels, classes: int, confidence: float) -> Interval:
    """Score interval of a ROC area; of several classes, with the rows of the rarest one.

    The rarest class limits what is known, so the interval of the macro average is on the safe side.
    """
    counts = np.bincount(y, minlength=classes)
    rare = int(counts[1] if classes == 2 else counts[counts > 0].min())
    return area(auc, rare, len(y) - rare, confidence)


def mean_recall(recalls: list[float], rows: list[int], confidence: float) -> Interval:
    """Interval of the mean of independent shares, put together from Wilson's by MOVER."""
    parts = [wilson(one, n, confidence) for one, n in zip(recalls, rows, strict=True)]
    estimate = float(np.mean(recalls))
    below = sqrt(sum((one.estimate - one.low) ** 2 for one in parts)) / len(parts)
    above = sqrt(sum((one.high - one.estimate) ** 2 for one in parts)) / len(parts)
    return Interval(estimate, max(0.0, estimate - below), min(1.0, estimate + above))


def difference(one: Interval, other: Interval, correlation: float) -> Interval:
    """Interval of one minus other from theirs and the correlation of the estimates.

    MOVER: Zou and Donner 2008, doi:10.1002/sim.3095.
    """

    def reach(down: float, up: float) -> float:
        return sqrt(max(0.0, down**2 + up**2 - 2 * correlation * down * up))

    estimate = one.estimate - other.estimate
    below = reach(one.estimate - one.low, other.high - other.estimate)
    above = reach(one.high - one.estimate, other.estimate - other.low)
    return Interval(estimate, max(-1.0, estimate - below), min(1.0, estimate + above))


def hull(one: Interval, other: Interval) -> Interval:
    """The interval that holds both; the estimate is the first one's."""
    return Interval(one.estimate, min(one.low, other.low), max(one.high, other.high))
