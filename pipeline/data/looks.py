"""Recognize columns of texts that look like numbers, dates, times or truth values.

Each note says what was seen in all distinct values, and advises nothing that would change what a
value means: whatever holds a digit is a value, and never declared to be none.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pipeline.config.sections.data import CsvParams
from pipeline.data.dates import DATE_LIKE, ISO, formats_of, zones_of
from pipeline.data.findings import typed
from pipeline.data.inference import TRUE_OR_FALSE
from pipeline.data.numbers import NumbersSeen, choose_marks, see_numbers
from pipeline.data.rows.cells import ALIKE

# A column looks like something if this part of its rows, or of its distinct values, does.
SHARE = 0.5
SHOWN = 5
# What a spreadsheet writes in place of a number that it cannot compute.
SHEET_ERROR = re.compile(r"#(?:N/A|DIV/0!|REF!|VALUE!|NUM!|NAME\?|NULL!|SPILL!|CALC!)", re.I)
# One number that something stands beside, and times of day or durations.
QUANTITY = re.compile(
    r"[^\w\[{(]{0,3}(?:\d{1,3}(?:_\d{3})+|\d+(?:[.,]\d+)?)(?P<beside>[^\d\])}]{0,30})"
)
TIME = re.compile(
    r"\d{1,3}:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?[ap]\.?m\.?)?|\d+ ?h ?\d\d?(?: ?min)?", re.I
)


@dataclass(frozen=True)
class Texts:
    """The distinct texts of a column, and in how many rows each stands."""

    distinct: Sequence[str]
    counts: Sequence[int]

    @property
    def rows(self) -> int:
        """Return the number of rows that hold a text."""
        return sum(self.counts)

    def rows_of(self, some: Collection[str]) -> int:
        """Return the number of rows that hold one of these texts."""
        wanted = set(some)
        return sum(n for text, n in zip(self.distinct, self.counts, strict=True) if text in wanted)

    def mostly(self, some: Collection[str]) -> bool:
        """Tell whether most rows, or most of the distinct texts, are these."""
        if not some:
            return False
        return len(some) >= SHARE * len(self.distinct) or self.rows_of(some) >= SHARE * self.rows


def look(name: str, texts: Texts) -> tuple[str, str] | None:
    """Return the check and the message if the texts of a column look like something else."""
    seen = see_numbers(texts.distinct)
    if not seen.odd:
        return _all_numbers(name, seen)
    odd = set(seen.odd)
    numbers = [text for text in texts.distinct if text not in odd]
    if texts.mostly(numbers):
        mend = "write these as plain numbers in the file if they are quantities"
        return "numbers as text", _because_of(texts, numbers, seen.odd, "numbers", mend)
    return _dates(name, texts) or _truth(texts) or _times(texts) or _quantities(texts)


def _all_numbers(name: str, seen: NumbersSeen) -> tuple[str, str] | None:
    quantity = f"if these are quantities, set {typed(name, 'number')}"
    if seen.zeros:
        return "leading zeros", (
            f"whole numbers with leading zeros, such as {seen.zeros!r}, kept as texts, as codes"
            f" are; {quantity}"
        )
    if seen.long:
        return "long whole numbers", (
            f"whole numbers too long to be told apart as numbers, such as {seen.long!r}, kept as"
            " texts, as ids are; if it is an id, leave it out (data.drop)"
        )
    units = sorted(seen.units)
    if len(units) > SHOWN:
        return None
    if len(units) > 1:
        shown = ", ".join(repr(unit) if unit else "none" for unit in units)
        return "several units", (
            f"numbers with different units ({shown}), read as text; write them in one unit if they"
            " are quantities"
        )
    if choose_marks(seen, CsvParams(), None) is None:
        return "numbers as text", (
            "numbers with contradicting marks for decimals and thousands, read as text; write them"
            " in one way if they are quantities"
        )
    return ("numbers as text", f"numbers, but stored as text; {quantity}") if seen.count else None


def _because_of(
    texts: Texts, read: Sequence[str], odd: Sequence[str], kind: str, otherwise: str
) -> str:
    shown = ", ".join(map(repr, odd[:SHOWN])) + (", …" if odd[SHOWN:] else "")
    mend = "list those that stand for no value, and only those, in data.missing"
    if any(letter.isdigit() for text in odd for letter in SHEET_ERROR.sub("", text)):
        mend = otherwise
    return (
        f"{texts.rows_of(read)} of {texts.rows} values are {kind}, but read as text because of"
        f" {shown}; {mend}"
    )


def _dates(name: str, texts: Texts) -> tuple[str, str] | None:
    dates = [text for text in texts.distinct if DATE_LIKE.fullmatch(text.strip())]
    if not texts.mostly(dates):
        return None
    if len(zones_of(dates)) == 2:
        return "dates as text", (
            "times with and without a time zone, read as text; nothing tells which moments the"
            " latter are, so write each with its zone"
        )
    formats, read = formats_of(dates)
    if not formats:
        return None
    start = f"looks like dates such as {next(text for text in dates if text in read)!r}, but read"
    if odd := [text for text in texts.distinct if text not in read]:
        return "dates as text", (
            f"{start} as text because of {odd[0]!r}: write it like the others, or list it in"
            " data.missing if it stands for no value"
        )
    if formats == [ISO]:
        return "dates as text", f"{start} as text; set {typed(name, 'date')}"
    if len(formats) > 1:
        return "dates as text", (
            f"{start} as text; {' and '.join(map(repr, formats[:2]))} both read them all: give the"
            f" right one, as in {typed(name, f'date:{formats[0]}')}"
        )
    return "dates as text", f"{start} as text; set {typed(name, f'date:{formats[0]}')}"


def _truth(texts: Texts) -> tuple[str, str] | None:
    read = [text for text in texts.distinct if text.strip().lower() in TRUE_OR_FALSE]
    odd = [text for text in texts.distinct if text.strip().lower() not in TRUE_OR_FALSE]
    if not odd or not read or texts.rows_of(read) < SHARE * texts.rows:
        return None
    mend = "write these as true or false in the file if they are"
    return "truth as text", _because_of(texts, read, odd, "true or false", mend)


def _times(texts: Texts) -> tuple[str, str] | None:
    times = [text for text in texts.distinct if TIME.fullmatch(text.strip())]
    if not texts.mostly(times):
        return None
    return "times as text", (
        f"looks like times or durations such as {times[0]!r}, read as text, each a level of its"
        " own; write them as plain numbers in one unit, such as minutes, if they are quantities"
    )


def _quantities(texts: Texts) -> tuple[str, str] | None:
    matches = {text: QUANTITY.fullmatch(text.translate(ALIKE).strip()) for text in texts.distinct}
    like = [text for text, match in matches.items() if match]
    beside = {match["beside"] for match in matches.values() if match}
    # Many words beside few numbers are no units but names, as of streets.
    if not texts.mostly(like) or len(beside) > SHOWN or len(like) <= len(beside):
        return None
    return "numbers in text", (
        f"looks like numbers with something beside them, such as {like[0]!r}, read as text, each a"
        " level of its own; write plain numbers in the file if they are quantities"
    )
