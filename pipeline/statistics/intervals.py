"""An estimate and how far it can be trusted; and what a difference says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["helps", "hurts", "no detectable difference"]


@dataclass(frozen=True)
class Interval:
    """An estimate and the bounds of its interval."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True)
class Difference(Interval):
    """A mean difference, paired.

    p_value: two-sided, of no difference. detectable: the smallest true difference that this many
    rows and seeds would show as one, at 80 % power.
    """

    p_value: float
    detectable: float


def verdict(difference: Interval) -> Verdict:
    """What a difference in a loss (lower is better) says at the interval's confidence."""
    if difference.high < 0:
        return "helps"
    if difference.low > 0:
        return "hurts"
    return "no detectable difference"
