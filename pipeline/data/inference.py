"""Find what a column of texts holds, from all of its distinct values, and how it is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from pipeline.config.sections.data import CsvParams
from pipeline.data.dates import ISO_DATE
from pipeline.data.findings import typed
from pipeline.data.numbers import Marks, NumbersSeen, choose_marks
from pipeline.data.schema import ColumnKind, Written

# A check and its message.
Note = tuple[str, str]
TRUE_OR_FALSE = {"true", "false"}


@dataclass(frozen=True)
class Inferred:
    """Says what a column holds. notes: check and message of each thing its user should know."""

    kind: ColumnKind
    written: Written
    notes: tuple[Note, ...] = ()


def infer(
    name: str,
    distinct: Callable[[], Sequence[str]],
    seen: NumbersSeen,
    given: CsvParams,
    usual: str | None,
) -> Inferred:
    """Find the kind of a column and how its cells are written.

    distinct: returns its distinct texts, which are many. seen: what they show as numbers.
    usual: the decimal mark of the other columns.
    """
    marks = None if seen.odd else choose_marks(seen, given, usual)
    as_text = Inferred("category", Written())
    if seen.count and marks is not None and len(seen.units) < 2:
        # A code that loses its zeros, or is rounded, is another code.
        if seen.zeros or seen.long:
            return as_text
        notes = [*guess_note(seen, marks), *_unit_note(name, seen)]
        return Inferred("numeric", number_written(seen, marks), tuple(notes))
    texts = distinct()
    words = {text.strip().lower() for text in texts}
    if words & TRUE_OR_FALSE and words <= TRUE_OR_FALSE | {"0", "1"}:
        return Inferred("boolean", Written())
    return Inferred("date", Written()) if _are_dates(texts) else as_text


def number_written(seen: NumbersSeen, marks: Marks) -> Written:
    """Return how a column's numbers are written."""
    units = seen.units - {""}
    return Written(
        decimal="," if marks.decimal == "," else ".",
        thousands=marks.thousands,
        unit=next(iter(units)) if len(units) == 1 else None,
    )


def _are_dates(texts: Sequence[str]) -> bool:
    matches = [ISO_DATE.fullmatch(text.strip()) for text in texts]
    if not all(matches) or not matches:
        return False
    zones = {bool(match["zone"]) for match in matches if match}
    dates = pd.to_datetime(pd.Series([*texts]), format="ISO8601", errors="coerce", utc=True)
    # A time without a zone beside one with a zone may be any moment.
    return len(zones) == 1 and bool(dates.notna().all())


def guess_note(seen: NumbersSeen, marks: Marks) -> list[Note]:
    """Return the note on a mark that might mean the other thing, if there is one."""
    if (mark := marks.guessed) is None:
        return []
    read = "as the decimal mark" if mark == marks.decimal else "as the mark between thousands"
    message = (
        f"{mark!r} was read {read}, though it may be either: exactly three digits follow each,"
        f" as in {seen.open[mark]!r}; write data.csv.decimal and data.csv.thousands to be sure"
    )
    return [("three digits", message)]


def _unit_note(name: str, seen: NumbersSeen) -> list[Note]:
    units = seen.units - {""}
    if not units:
        return []
    message = (
        f"each number has {next(iter(units))!r} beside it and was read without it; if these are"
        f" no quantities, set {typed(name, 'category')}"
    )
    return [("unit", message)]
