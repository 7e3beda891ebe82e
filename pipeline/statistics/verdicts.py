"""Say what the difference of two procedures means, and how many rows would tell more."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Literal

import numpy as np
from scipy.special import ndtri

from pipeline.statistics.bootstrap import POWER
from pipeline.statistics.intervals import Interval
from pipeline.statistics.nested import ProcedureDifference
from pipeline.tasks.arrays import Floats

ProcedureVerdict = Literal["helps", "hurts", "makes no difference that matters", "cannot tell yet"]

# A figure for people has two digits that count.
DIGITS = 2


def procedure_verdict(difference: Interval, rope: float) -> ProcedureVerdict:
    """Say what a difference in a loss means; lower is better.

    rope: a difference smaller than this, one way or the other, matters to nobody.
    """
    if -rope <= difference.low and difference.high <= rope:
        return "makes no difference that matters"
    if difference.high < 0:
        return "helps"
    if difference.low > 0:
        return "hurts"
    return "cannot tell yet"


def rows_to_tell(difference: ProcedureDifference, rows: int, rope: float) -> int | None:
    """Return about how many rows would settle a verdict at 80 % power; None if no number would.

    It supposes that the true difference is the one measured, and that the interval shrinks with
    the square root of the rows, as it does while what the procedures learn stays the same.
    Settled means that the interval excludes 0 or lies within ±rope, whichever takes fewer rows.
    """
    distance = max(abs(difference.estimate), rope - abs(difference.estimate))
    if distance <= 0:
        return None
    reach = (difference.high - difference.low) / 2 + ndtri(POWER) * difference.standard_error
    return rounded_up(rows * (reach / distance) ** 2)


def rounded_up(number: float) -> int:
    """Return a count as people write it: two digits that count, and never too few."""
    if number <= 1:
        return 1
    step = 10.0 ** max(0, floor(log10(number)) + 1 - DIGITS)
    return int(ceil(number / step) * step)


@dataclass(frozen=True)
class RowEffects:
    """Says which rows a mean difference comes from.

    tail_share: the part of it that the rows with the largest losses carry; it may exceed 1, where
    the other rows go the other way, and is None where there is no difference.
    better_off: share of rows with a smaller loss. median: the difference of the median row.
    """

    tail_share: float | None
    better_off: float
    median: float


def row_effects(losses: Floats, baseline: Floats, share: float = 0.01) -> RowEffects:
    """Return which rows the difference of (repeat, row) losses from the baseline's comes from.

    share: of the rows, those with the largest loss in either procedure, are the tail; at least one.
    """
    own, other = losses.mean(0), baseline.mean(0)
    difference = own - other
    total = float(difference.sum())
    tail = np.argsort(-np.maximum(own, other), kind="stable")[: max(1, round(share * len(own)))]
    return RowEffects(
        float(difference[tail].sum()) / total if total else None,
        float((difference < 0).mean()),
        float(np.median(difference)),
    )
