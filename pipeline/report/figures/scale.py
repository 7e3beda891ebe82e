"""The axes of charts: where a value lies, and which round values have a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from pipeline.text.numbers import fixed, scientific, setting

MOST_TICKS = 6
# What is marked of each power of ten, from few marks to many, and how many marks are enough.
DECADES: tuple[tuple[int, ...], ...] = ((1,), (1, 3), (1, 2, 5))
FEW_TICKS = 3
# How many times the lowest value the highest is, from which on an axis is logarithmic.
WIDE = 4.0
# From this size on, numbers at an axis are written in thousands, millions or more.
LONG = 1e4
UNITS = {3: "thousands", 6: "millions", 9: "billions"}
# Letters of a name, beyond which half as many have room.
SHORT_NAME = 6


@dataclass(frozen=True)
class Scale:
    """An axis. ticks: its values with a number, and these numbers.

    power: the power of ten that the numbers are written in.
    """

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    log: bool = False
    power: int = 0

    def place(self, value: float) -> float:
        """Return where a value lies, from 0 at the low end to 1 at the high one."""
        inside = min(max(value, self.low), self.high)
        if self.log:
            return log10(inside / self.low) / log10(self.high / self.low)
        return (inside - self.low) / (self.high - self.low)


def linear(low: float, high: float, most: int = MOST_TICKS) -> Scale:
    """Return an axis with evenly spaced round values."""
    if low >= high:
        low, high = low - 0.5, low + 0.5
    power = power_of(low, high)
    unit = 10.0**power
    places, digits = round_values(low / unit, high / unit, most)
    ticks = tuple((at * unit, fixed(at, digits) if at else "0") for at in places)
    return Scale(low, high, ticks, power=power)


def level(values: Sequence[float]) -> Scale:
    """Return an axis for a loss: logarithmic if it spans much, else just around the values."""
    low, high = min(values), max(values)
    if low > 0 and high / low >= WIDE:
        return logarithmic(values)
    around = (high - low) / 10 or abs(high) / 10 or 0.5
    return linear(low - around, high + around)


def logarithmic(values: Sequence[float]) -> Scale:
    """Return an axis over all positive values, with powers of ten and, if these are few, more."""
    positive = [value for value in values if value > 0]
    low, high = min(positive) / 1.1, max(positive) * 1.1
    powers = range(floor(log10(low)), ceil(log10(high)) + 1)
    for factors in DECADES:
        marked = [(factor, power) for power in powers for factor in factors]
        inside = [(f, p) for f, p in marked if low <= f * 10.0**p <= high]
        if len(inside) >= FEW_TICKS:
            break
    inside = inside[:: ceil(len(inside) / (MOST_TICKS + 1)) or 1]
    power = power_of(low, high)
    ticks = tuple((f * 10.0**p, _power(f, p - power)) for f, p in inside)
    return Scale(low, high, ticks, log=True, power=power)


def named(names: Sequence[str]) -> Scale:
    """Return an axis with a place for each name, of which as many are written as have room."""
    most = MOST_TICKS if max(map(len, names)) <= SHORT_NAME else MOST_TICKS // 2
    step = ceil(len(names) / most)
    ticks = tuple((float(place), names[place]) for place in range(0, len(names), step))
    return Scale(-0.3, len(names) - 0.7, ticks)


def power_of(low: float, high: float) -> int:
    """Return the power of ten that the numbers at an axis are written in, to be short."""
    size = max(abs(low), abs(high))
    return 3 * floor(log10(size) / 3) if size >= LONG else 0


def with_unit(words: str, power: int) -> str:
    """Say what an axis shows, and in what its numbers are written."""
    return f"{words}, in {UNITS.get(power, scientific(1, power))}" if power else words


def round_values(low: float, high: float, most: int = MOST_TICKS) -> tuple[tuple[float, ...], int]:
    """Return round values between two ends, and the decimals that they are written with."""
    step = _round_step((high - low) / most)
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return tuple(step * place for place in range(first, last + 1)), max(0, -floor(log10(step)))


def _round_step(least: float) -> float:
    """Return the smallest step of 1, 2 or 5 times a power of ten that is no smaller."""
    power = 10.0 ** floor(log10(least))
    return float(next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least))


def _power(factor: int, power: int) -> str:
    value = factor * 10.0**power
    return setting(value) if value >= 1e-3 else scientific(factor, power)
