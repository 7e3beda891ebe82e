"""Estimates with their intervals, and the verdict that the interval of a difference gives."""

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
    """A mean of paired differences.

    p_value: two-sided, for no difference. detectable: the smallest true difference that this many
    rows and seeds would detect with 80 % power.
    """

    p_value: float
    detectable: float


def verdict(difference: Interval) -> Verdict:
    """Judge a difference in a loss, of which less is better, at the interval's confidence."""
    if difference.high < 0:
        return "helps"
    if difference.low > 0:
        return "hurts"
    return "no detectable difference"
