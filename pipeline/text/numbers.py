"""How numbers are written: the same everywhere, so that a report can be searched for them."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.statistics.intervals import Interval


def fixed(value: float, digits: int = 4) -> str:
    """A number with this many decimals, never a negative zero."""
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def signed(value: float, digits: int = 4) -> str:
    """A difference, with its sign unless it rounds to zero."""
    text = f"{value:+.{digits}f}"
    return text[1:] if float(text) == 0 else text


def between(interval: Interval, digits: int = 4) -> str:
    """The bounds of a difference."""
    return f"{signed(interval.low, digits)} to {signed(interval.high, digits)}"


def bounds(interval: Interval, digits: int = 4) -> str:
    """The bounds of a level."""
    return f"{fixed(interval.low, digits)} to {fixed(interval.high, digits)}"


def percent(share: float, digits: int = 1) -> str:
    """A share in per cent, whose sign stays on the number's line."""
    return f"{fixed(100 * share, digits)}\N{NO-BREAK SPACE}%"


def p_value(value: float) -> str:
    """A p-value; very small ones are bounded, not spelled out."""
    return "< 0.001" if value < 0.001 else fixed(value, 3)


def setting(value: float | None) -> str:
    """A setting, short; a technique that is switched off is `off`."""
    if isinstance(value, int):
        return str(value)
    return f"{value:.3g}" if value else "off"


def listed(words: Sequence[str], last: str = "and") -> str:
    """A list in a sentence."""
    return f" {last} ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)


def counted(count: int, noun: str) -> str:
    """So many of something."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
