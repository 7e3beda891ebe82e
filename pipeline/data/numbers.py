"""Recognize how people write numbers: the marks and units in the texts of a column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from pipeline.config.sections.data import CsvParams
from pipeline.data.rows.cells import ALIKE, INFINITY, NO_CENTS, NOT_A_NUMBER, PLAIN_LETTERS

# Signs of currencies, as a set of letters of a pattern.
SYMBOLS = "$¢£¤¥֏؋৳฿\u20a0-\u20c0\ufdfc"
CODES = r"USD|EUR|GBP|CHF|JPY|CNY|INR|SEK|NOK|DKK|PLN|CZK|BRL|AUD|CAD|NZD|Rs\.?|kr\.?|Fr\."
LETTER = r"[^\W\d_]"
MEASURE = rf"{LETTER}{{1,10}}(?:[²³]|\^[23])?"
NUMBER = re.compile(
    r"\(?[-+]?\ ?"
    rf"(?P<before>[A-Z]{{0,3}}[{SYMBOLS}]|(?:{CODES})(?=[- 0-9]))?\ ?[-+]?\ ?"
    r"(?P<core>[0-9](?:[0-9.,' ]*[0-9])?[.,]?|[.,][0-9]+)(?P<power>[eE][-+]?[0-9]+)?"
    rf"\ ?(?P<after>[%‰°\"\u2032\u2033]|[A-Z]{{0,3}}[{SYMBOLS}]|°?{MEASURE}(?:/{MEASURE})?\.?)?"
    r"\ ?-?\)?"
)
MARKS = re.compile(r"[.,' ]")
# A point in a number that has no group of three behind it, or no one to three digits before it.
DECIMAL_POINT = re.compile(
    r"^[-+]?(?:0\d*|\d{4,})?\.|\.(?:\d{0,2}|\d{4,})(?:[eE]|$)|[eE]", re.MULTILINE
)
LEADING_ZERO = re.compile(r"^[-+]?0\d+$", re.MULTILINE)
# Whole numbers of more digits may be equal in double precision although they differ.
EXACT_DIGITS = 15


@dataclass(frozen=True)
class NumbersSeen:
    """Says what the distinct texts of a column show.

    count: texts that hold a number. odd: the others. units: what stands beside numbers, '' for
    nothing. decimal, thousands: marks that can be only that. open: for each mark that has exactly
    three digits behind it wherever it stands alone, a text with it. zeros: a text with leading
    zeros. long: a whole number, where double precision cannot tell all of them apart.
    whole: whether all are whole numbers without any mark.
    """

    count: int = 0
    odd: list[str] = field(default_factory=list)
    units: set[str] = field(default_factory=set)
    decimal: set[str] = field(default_factory=set)
    thousands: set[str] = field(default_factory=set)
    open: dict[str, str] = field(default_factory=dict)
    zeros: str | None = None
    long: str | None = None
    whole: bool = False


def see_numbers(texts: Sequence[str]) -> NumbersSeen:
    """Look at the distinct texts of a column as numbers."""
    return _plain(texts) or _written(texts)


def _plain(texts: Sequence[str]) -> NumbersSeen | None:
    """Look at texts as numbers with at most a point; None if one is written otherwise."""
    # All at once, for there may be millions.
    lines = "\n".join(texts)
    if not (PLAIN_LETTERS | {"\n"}).issuperset(lines):
        return None
    try:
        numbers = np.array(texts, object).astype(np.float64)
    except ValueError:
        return None
    point = "." in lines
    proven = point and DECIMAL_POINT.search(lines) is not None
    zeros = LEADING_ZERO.search(lines)
    whole = not point and "e" not in lines.lower()
    return NumbersSeen(
        count=len(texts),
        units={""},
        decimal={"."} if proven else set(),
        open={".": next(text for text in texts if "." in text)} if point and not proven else {},
        zeros=zeros[0] if zeros else None,
        long=_long(texts, numbers) if whole else None,
        whole=whole,
    )


def _long(texts: Sequence[str], numbers: np.ndarray) -> str | None:
    longest = max(texts, key=len, default="")
    if len(longest) <= EXACT_DIGITS:
        return None
    return longest if len(np.unique(numbers)) < len({int(text) for text in texts}) else None


def _written(texts: Sequence[str]) -> NumbersSeen:
    count, odd, zeros = 0, [], None
    units, decimal, thousands, open_ = set(), set(), set(), dict[str, str]()
    plain: list[str] = []
    for text in texts:
        body = text.translate(ALIKE).strip()
        if dash := NO_CENTS.search(body):
            decimal.add(dash["mark"])
            body = NO_CENTS.sub("", body)
        if body.lower().lstrip("+-") in {*INFINITY, NOT_A_NUMBER}:
            count += 1
            continue
        match = NUMBER.fullmatch(body)
        marks = _marks(match["core"], bool(match["power"])) if match else None
        if match is None or marks is None or (match["before"] and match["after"]):
            odd.append(text)
            continue
        count += 1
        units.add(match["before"] or match["after"] or "")
        decimal |= marks[0]
        thousands |= marks[1]
        for mark in marks[2]:
            open_.setdefault(mark, text)
        if LEADING_ZERO.fullmatch(body):
            zeros = zeros or text
        if body.isdecimal():
            plain.append(body)
    proven = decimal | thousands
    return NumbersSeen(
        count=count,
        odd=odd,
        units=units,
        decimal=decimal,
        thousands=thousands,
        open={mark: text for mark, text in open_.items() if mark not in proven},
        zeros=zeros,
        long=_long(plain, np.array(plain, object).astype(np.float64)),
        whole=count == len(plain) and not odd,
    )


def _marks(core: str, power: bool) -> tuple[set[str], set[str], set[str]] | None:
    """Return the marks of one number that are decimal, thousands, or either; None if no number."""
    nothing: set[str] = set()
    marks = MARKS.findall(core)
    kinds = set(marks)
    if not marks:
        return nothing, nothing, nothing
    last = marks[-1]
    if len(kinds) == 2 and marks.count(last) == 1 and last in ".,":
        whole = core[: core.index(last)]
        return ({last}, {marks[0]}, nothing) if _grouped(whole, marks[0]) else None
    if len(kinds) > 1:
        return None
    if len(marks) > 1 or last in "' ":
        return (nothing, {last}, nothing) if _grouped(core, last) else None
    before, _, after = core.partition(last)
    if len(after) == 3 and 1 <= len(before) <= 3 and before[0] != "0" and not power:
        return nothing, nothing, {last}
    return {last}, nothing, nothing


def _grouped(whole: str, mark: str) -> bool:
    first, *rest = whole.split(mark)
    if not rest or not 1 <= len(first) <= 3 or first[0] == "0" or len(rest[-1]) != 3:
        return False
    # In threes, or as in India: 12,34,567.
    sizes = {len(group) for group in rest[:-1]}
    return sizes <= {3} or (sizes == {2} and len(first) <= 2)


@dataclass(frozen=True)
class Marks:
    """The marks that numbers are read with; guessed: the mark that might mean the other thing."""

    decimal: str
    thousands: str | None = None
    guessed: str | None = None


def choose_marks(seen: NumbersSeen, given: CsvParams, usual: str | None) -> Marks | None:
    """Return the marks a column's numbers are read with, or None if they contradict each other.

    given: what the user says. usual: the decimal mark of the file's other columns, if known.
    """
    decimal: set[str] = {given.decimal} if given.decimal else set(seen.decimal)
    thousands: set[str] = (
        {given.thousands.translate(ALIKE)} if given.thousands else set(seen.thousands)
    )
    guessed = None
    if len(seen.open) > 1 and not (decimal or thousands):
        return None
    for mark in seen.open:
        if mark in decimal | thousands:
            continue
        if decimal:
            thousands.add(mark)
        elif thousands & {".", ","}:
            decimal.add(mark)
        else:
            guessed = mark
            (decimal if mark == (usual or ".") else thousands).add(mark)
    if len(decimal) > 1 or len(thousands) > 1 or decimal & thousands:
        return None
    if not (seen.decimal <= decimal and seen.thousands <= thousands):
        return None
    between = next(iter(thousands), None)
    point = next(iter(decimal), None) or (usual if usual != between else None)
    return Marks(point or ("," if between == "." else "."), between, guessed)


def usual_decimal(columns: Iterable[NumbersSeen], given: CsvParams) -> str | None:
    """Return the decimal mark that most columns prove, or None if none proves one."""
    if given.decimal or given.thousands in {".", ","}:
        return given.decimal or ("," if given.thousands == "." else ".")
    other = {".": ",", ",": "."}
    votes = [mark for seen in columns for mark in _votes(seen, other)]
    return max(sorted(set(votes), reverse=True), key=votes.count, default=None)


def _votes(seen: NumbersSeen, other: dict[str, str]) -> set[str]:
    if seen.odd:
        return set()
    return seen.decimal | {other[mark] for mark in seen.thousands if mark in other}
