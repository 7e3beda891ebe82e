"""Write numbers the same way everywhere, so that a report can be searched for them.

A figure has the digits that a reader needs: three decimals, fewer if it is large and more if it is
small, so that none but zero is written as zeros. A minus is a minus sign and no hyphen.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, log10

from pipeline.statistics.intervals import Interval

MINUS, SPACE, TIMES = "\N{MINUS SIGN}", "\N{NO-BREAK SPACE}", "\N{MULTIPLICATION SIGN}"
# Decimals of a figure, if it is neither large nor small, and the digits of a small one that count.
DECIMALS, COUNTING = 3, 2
# Figures smaller than this are written with a power of ten; what is smaller still is a rounding
# error of arithmetic, and nothing.
TINY, NOTHING = 1e-4, 1e-9
# Digits of a setting and of a value of the data. Settings smaller than this are written with a
# power of ten, and from this on without decimals.
SETTING, MEASURED = 3, 4
SMALL, LARGE = 1e-3, 1e3
_LOW, RAISED = "-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"


def fixed(value: float, digits: int | None = None) -> str:
    """Write a figure with the digits that it needs, or with this many decimals."""
    return _written(value, digits).replace("-", MINUS)


def signed(value: float, digits: int | None = None) -> str:
    """Write a difference as `fixed` does, with its sign unless it is written as zero."""
    text = _written(value, digits)
    plus = value > 0 and any(digit in text for digit in "123456789")
    return f"+{text}" if plus else text.replace("-", MINUS)


def between(interval: Interval, digits: int | None = None) -> str:
    """Write the bounds of a difference."""
    return f"{signed(interval.low, digits)} to {signed(interval.high, digits)}"


def bounds(interval: Interval, digits: int | None = None) -> str:
    """Write the bounds of an interval that is not of a difference."""
    return f"{fixed(interval.low, digits)} to {fixed(interval.high, digits)}"


def percent(share: float, digits: int | None = None) -> str:
    """Write a share as a percentage that no line break separates from its sign.

    Without a number of decimals it has two digits that count, and is 0 or 100 only if it is so.
    """
    value = 100 * share
    if digits is None:
        small, far = abs(value), abs(100 - value)
        if small and small < 10:
            digits = COUNTING - 1 - floor(log10(small))
        else:
            digits = -floor(log10(far)) if 0 < far < 1 else 0
    return f"{_trimmed(fixed(value, digits))}{SPACE}%"


def rough_percent(part: float, whole: float) -> str:
    """Write what percentage a part is of the whole, with no more digits than a reader needs."""
    share = 100 * part / whole if whole else 0.0
    text = f"{share:.0f}" if abs(share) >= 1 or share == 0 else f"{share:.1g}"
    return f"{text.replace('-', MINUS)}{SPACE}%"


def probability(value: float) -> str:
    """Write a probability as a percentage that never claims certainty."""
    if value > 0.99:
        return f"> 99{SPACE}%"
    return percent(value, 0) if value >= 0.01 else f"< 1{SPACE}%"


def p_value(value: float) -> str:
    """Write a p-value; very small ones are bounded, not spelled out."""
    return "< 0.001" if value < 0.001 else _trimmed(fixed(value, 3))


def average(value: float) -> str:
    """Write a mean of counts with one decimal, unless it is whole."""
    return _trimmed(fixed(value, 1))


def measured(value: float) -> str:
    """Write a value of the data, with four digits that count."""
    text = f"{value:.4g}"
    if "e" in text:
        text = f"{value:,.0f}" if abs(value) >= 1 else scientific(*_parts(value, MEASURED))
    return text.replace("-", MINUS)


def setting(value: float | None) -> str:
    """Write a setting in few digits; a technique that is switched off is `off`."""
    if isinstance(value, int):
        return str(value)
    if not value:
        return "off"
    if value >= SMALL:
        return f"{value:.3g}" if value < LARGE else f"{value:,.0f}"
    return scientific(*_parts(value, SETTING))


def ranges(edges: Sequence[float]) -> list[str]:
    """Name the ranges of values between edges, which belong to the range below them."""
    shown = [measured(edge) for edge in edges]
    return [f"up to {shown[0]}", *map("{} to {}".format, shown, shown[1:]), f"above {shown[-1]}"]


def scientific(digits: float, power: int) -> str:
    """Write a number by its digits and its power of ten."""
    raised = f"10{str(power).translate(str.maketrans(_LOW, RAISED))}"
    return raised if digits == 1 else f"{digits:g}{TIMES}{raised}".replace("-", MINUS)


def lowered(power: str) -> str:
    """Return a raised power as digits on the line."""
    return power.translate(str.maketrans(RAISED, _LOW))


def listed(words: Sequence[str], last: str = "and") -> str:
    """Write a list as part of a sentence."""
    return f" {last} ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)


def counted(count: int, noun: str) -> str:
    """Write a count with its noun, in the plural if need be."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _written(value: float, digits: int | None) -> str:
    if digits is None:
        if NOTHING <= abs(value) < TINY:
            return scientific(*_parts(value, COUNTING))
        digits = _decimals(value)
    text = f"{value:,.{digits}f}"
    if float(text.replace(",", "")) == 0:
        return "0" if abs(value) < NOTHING else text.removeprefix("-")
    return text


def _decimals(value: float) -> int:
    """Return how many decimals a figure needs."""
    if abs(value) < NOTHING:
        return 0
    # From the rounded figure: 0.00999 is written 0.010.
    size = abs(float(f"{value:.{COUNTING - 1}e}"))
    power = floor(log10(size))
    if power >= 1:
        return max(0, DECIMALS - power)
    return max(DECIMALS, COUNTING - 1 - power)


def _parts(value: float, digits: int) -> tuple[float, int]:
    """Return the digits that count of a number, and its power of ten."""
    mantissa, power = f"{value:.{digits - 1}e}".split("e")
    return float(mantissa), int(power)


def _trimmed(text: str) -> str:
    """Take off decimals that are all zeros."""
    whole, _, decimals = text.partition(".")
    return text if decimals.strip("0") else whole
