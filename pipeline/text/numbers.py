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
