"""Write numbers the same way everywhere, so that a report can be searched for them."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.statistics.intervals import Interval


def fixed(value: float, digits: int = 4) -> str:
    """Write a number with this many decimals, never a negative zero."""
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def signed(value: float, digits: int = 4) -> str:
    """Write a difference with its sign, unless it rounds to zero."""
    text = f"{value:+.{digits}f}"
    return text[1:] if float(text) == 0 else text


def between(interval: Interval, digits: int = 4) -> str:
    """Write the bounds of a difference."""
    return f"{signed(interval.low, digits)} to {signed(interval.high, digits)}"


def bounds(interval: Interval, digits: int = 4) -> str:
    """Write the bounds of an interval that is not of a difference."""
    return f"{fixed(interval.low, digits)} to {fixed(interval.high, digits)}"


def percent(share: float, digits: int = 1) -> str:
    """Write a share as a percentage that no line break separates from its sign."""
    return f"{fixed(100 * share, digits)}\N{NO-BREAK SPACE}%"


def rough_percent(part: float, whole: float) -> str:
    """Write what percentage a part is of the whole, with no more digits than a reader needs."""
    share = 100 * part / whole if whole else 0.0
    text = f"{share:.0f}" if abs(share) >= 1 or share == 0 else f"{share:.1g}"
    return f"{text}\N{NO-BREAK SPACE}%"


def short(value: float, sign: bool = False) -> str:
    """Write a figure that stands alone: three decimals, or two digits that count if it is small."""
    digits, most = 3, 9
    while digits < most and abs(round(value, digits)) < 10 ** (1 - digits):
        digits += 1
    if round(value, most) == 0:
        return "0"
    return signed(value, digits) if sign else fixed(value, digits)


def short_between(interval: Interval) -> str:
    """Write the bounds of a difference that stands alone."""
    return f"{short(interval.low, sign=True)} to {short(interval.high, sign=True)}"


def probability(value: float) -> str:
    """Write a probability as a percentage that never claims certainty."""
    if value > 0.99:
        return "> 99\N{NO-BREAK SPACE}%"
    return percent(value, 0) if value >= 0.01 else "< 1\N{NO-BREAK SPACE}%"


def p_value(value: float) -> str:
    """Write a p-value; very small ones are bounded, not spelled out."""
    return "< 0.001" if value < 0.001 else fixed(value, 3)


def setting(value: float | None) -> str:
    """Write a setting in few digits; a technique that is switched off is `off`."""
    if isinstance(value, int):
        return str(value)
    return f"{value:.3g}" if value else "off"


def listed(words: Sequence[str], last: str = "and") -> str:
    """Write a list as part of a sentence."""
    return f" {last} ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)


def counted(count: int, noun: str) -> str:
    """Write a count with its noun, in the plural if need be."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
