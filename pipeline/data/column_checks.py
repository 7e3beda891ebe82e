"""Check each column: what its values suggest that its user should know.

Each note says what was seen in all values, and advises nothing that would change what a value
means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import pandas as pd

from pipeline.config.sections.data import CsvParams
from pipeline.data.findings import Finding
from pipeline.data.inference import ISO_DATE
from pipeline.data.numbers import NumbersSeen, choose_marks, see_numbers
from pipeline.data.schema import Schema
from pipeline.data.spellings import same_spelling
from pipeline.data.table import Table

FEWEST_ROWS = 20
MOSTLY_MISSING_SHARE = 0.5
# A column of texts with so many different values for its rows names rows.
UNIQUE_SHARE = 0.95
FREE_TEXT_LETTERS, FREE_TEXT_BLANKS = 40, 5
NUMBERS_SHARE, DATES_SHARE = 0.5, 0.5
SHOWN = 5
ID_LIKE = "a different value in each row, like an id; if it is one, leave it out (data.drop)"
DATE_LIKE = re.compile(
    r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}([ T].*)?|\d{1,2}\.? [A-Za-z]{3,9}\.? \d{4}|"
    r"[A-Za-z]{3,9}\.? \d{1,2},? \d{4}"
)
DAYS = (
    "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%Y.%m.%d", "%d-%m-%Y", "%m-%d-%Y",
    "%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%d %b %Y", "%d %B %Y", "%d. %B %Y", "%b %d, %Y",
    "%B %d, %Y", "%Y-%m-%d",
)  # fmt: skip
TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")


def column_findings(table: Table, schema: Schema) -> Iterator[Finding]:
    """Yield what the user should know about each column."""
    rows = len(table.frame)
    for column in schema.columns:
        name, values = column.name, table.frame[column.name]
        if column.ignored:
            messages = {
                "empty": "no value in any row; not used",
                "constant": "one value in every row; used in images only",
            }
            yield Finding(check=column.ignored, column=name, message=messages[column.ignored])
            continue
        if column.missing > MOSTLY_MISSING_SHARE * rows:
            message = f"{column.missing} of its {rows} values are missing"
            yield Finding(check="mostly missing", column=name, message=message)
        if column.kind == "category":
            yield from _of_text(name, values, name in table.declared)
        elif values.dtype.kind in "iu" and _counts_rows(values):
            yield Finding(check="id-like", column=name, message=ID_LIKE)


def _counts_rows(values: pd.Series) -> bool:
    """Tell whether whole numbers are distinct and nearly consecutive, like those of an id."""
    if len(values) < FEWEST_ROWS or not values.is_unique:
        return False
    return int(values.max()) - int(values.min()) < 2 * len(values)


def _of_text(name: str, values: pd.Series, declared: bool) -> Iterator[Finding]:
    present = values.dropna().astype(str)
    counts = present.value_counts()
    texts = [str(text) for text in counts.index]
    # What the user says a column is, it is.
    note = None if declared else _looks_otherwise(name, texts, counts.to_numpy().tolist())
    if note is not None:
        yield Finding(check=note[0], column=name, message=note[1])
        return
    lengths, unique = present.str.len().mean(), len(texts) >= UNIQUE_SHARE * len(present)
    if unique and len(present) >= FEWEST_ROWS:
        if lengths > FREE_TEXT_LETTERS:
            message = "free text, whose levels carry little information; leave it out (data.drop)"
            yield Finding(check="free text", column=name, message=message)
        else:
            yield Finding(check="id-like", column=name, message=ID_LIKE)
    elif lengths > FREE_TEXT_LETTERS and present.str.count(" ").mean() > FREE_TEXT_BLANKS:
        message = "looks like free text, whose levels carry little information"
        yield Finding(check="free text", column=name, message=message)
    else:
        yield from _level_names(name, texts)


def _level_names(name: str, texts: Sequence[str]) -> Iterator[Finding]:
    pairs = list(same_spelling(texts))
    if pairs:
        first, second, difference = pairs[0]
        more = f", and so do {len(pairs) - 1} more" if len(pairs) > 1 else ""
        message = (
            f"{first!r} and {second!r} differ only in {difference}{more}; if they are one level,"
            " write them alike"
        )
        yield Finding(check="level names", column=name, message=message)


def _looks_otherwise(
    name: str, texts: Sequence[str], counts: Sequence[int]
) -> tuple[str, str] | None:
    """Return the check and the message if texts look like numbers or dates."""
    seen = see_numbers(texts)
    rows = sum(counts)
    odd = set(seen.odd)
    unread = sum(count for text, count in zip(texts, counts, strict=True) if text in odd)
    if not odd:
        return _all_numbers(name, seen)
    if seen.count and rows - unread >= NUMBERS_SHARE * rows:
        return "numbers as text", _mostly_numbers(seen.odd, rows - unread, rows)
    dates = [text for text in texts if DATE_LIKE.fullmatch(text.strip())]
    like = set(dates)
    share = sum(count for text, count in zip(texts, counts, strict=True) if text in like) / rows
    if share > DATES_SHARE:
        return "dates as text", _mostly_dates(dates, [t for t in texts if t not in like])
    return None


def _all_numbers(name: str, seen: NumbersSeen) -> tuple[str, str] | None:
    quantity = f"if these are quantities, set data.types: {{{name}: number}}"
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
    if len(units) > 1:
        shown = ", ".join(repr(unit) if unit else "none" for unit in units[:SHOWN])
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


def _mostly_numbers(odd: Sequence[str], read: int, rows: int) -> str:
    shown = ", ".join(map(repr, odd[:SHOWN])) + (", …" if odd[SHOWN:] else "")
    # A text with a digit is a value: as a gap it would be lost.
    if any(letter.isdigit() for text in odd for letter in text):
        mend = "write these as plain numbers in the file if they are quantities"
    else:
        mend = "list those that stand for no value, and only those, in data.missing"
    return f"{read} of {rows} values are numbers, but read as text because of {shown}; {mend}"


def _mostly_dates(dates: Sequence[str], odd: Sequence[str]) -> str:
    if odd:
        return (
            f"looks like dates such as {dates[0]!r}, but read as text; {odd[0]!r} is none: mend it,"
            " or list it in data.missing if it stands for no value"
        )
    iso = [ISO_DATE.fullmatch(text.strip()) for text in dates]
    if all(iso) and len({bool(match["zone"]) for match in iso if match}) == 2:
        return (
            "times with and without a time zone, read as text; nothing tells which moments the"
            " latter are, so write each with its zone"
        )
    formats = _formats(dates)
    start = f"looks like dates such as {dates[0]!r}, but read as text; "
    if not formats:
        return start + "no one format reads them all, so write them alike"
    if len(formats) > 1:
        return start + (
            f"{' and '.join(map(repr, formats[:2]))} both read them all: give the right one in"
            f" data.types, as in date:{formats[0]}"
        )
    return start + f"give their format in data.types, date:{formats[0]}"


def _formats(dates: Sequence[str]) -> list[str]:
    column = pd.Series([*dates], dtype="str")
    candidates = [day + time for day in DAYS for time in TIMES]
    first = column.iloc[:1]
    likely = [written for written in candidates if _all_dates(first, written)]
    return [written for written in likely if _all_dates(column, written)]


def _all_dates(column: pd.Series, written: str) -> bool:
    return bool(pd.to_datetime(column, format=written, errors="coerce").notna().all())
