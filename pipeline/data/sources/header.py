"""Find the header of a text file: the delimiter, the names, and the lines that stand above it."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from pathlib import Path

from pipeline.config.errors import InputError
from pipeline.config.sections.data import CsvParams
from pipeline.data.numbers import see_numbers
from pipeline.data.sources.files import SAMPLE_BYTES

DELIMITERS = ",;\t|"
SAMPLE_ROWS = 500
# Excel reads it; saved again, it is as wide as a row.
SEPARATOR_LINE = re.compile(r"\s*\"?sep\s*=\s*([^\w\s]|\t| )\"?[\s,;|]*", re.IGNORECASE)
# What separates columns elsewhere. It is no guess, for it also stands within cells.
RARE_DELIMITERS = ":~^\x01\x1f\a \\&"
COMMENT_LINE = re.compile(r"\s*(#|//|--|%|!|/\*|\*/|-\*-|@charset|encoding[:=]|charset[:=])", re.I)
# Names of files that say what separates columns.
TABBED = re.compile(r"\.(tsv|tab)\b", re.IGNORECASE)
BLANKS = re.compile(r"\S {2,}\S")
# A part of the rows that agree on a width, for the first line to be the odd one.
AGREEMENT = 0.9
FEWEST_ROWS = 3
SHOWN_LETTERS = 40


@dataclass(frozen=True)
class Header:
    """Says where a file's rows begin.

    names: those of the columns. skipped: lines above them; comments: those that are comments.
    """

    delimiter: str
    names: list[str]
    skipped: int = 0
    comments: int = 0


def find_header(path: Path, origin: str, given: CsvParams) -> Header:
    """Return the header; raise `InputError` if the first line is none.

    Lines that say what separates columns, comments and lines that name an encoding are skipped.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        text = file.read(SAMPLE_BYTES)
        if file.read(1) and "\n" in text:
            text = text[: text.rindex("\n") + 1]
    lines = text.splitlines(keepends=True)
    skipped, named = _lines_above(lines)
    below = "".join(lines[skipped:])
    if TABBED.search(origin) and "\t" in below.partition("\n")[0]:
        named = named or "\t"
    delimiter = given.delimiter or named or max(DELIMITERS, key=lambda mark: _evenness(below, mark))
    # The names may stand in a comment.
    last = lines[skipped - 1] if skipped and named is None else ""
    if COMMENT_LINE.match(last) and _is_header(last, below, delimiter):
        skipped -= 1
        below = last + below
    rows = _rows(below, delimiter)
    if rows:
        _check_first(rows, origin, delimiter)
        _check_several(rows, below, origin, given.delimiter)
    comments = sum(COMMENT_LINE.match(line) is not None for line in lines[:skipped])
    return Header(delimiter, rows[0] if rows else [], skipped, comments)


def check_names_are_no_row(header: Header, rows: Sequence[Sequence[str]], origin: str) -> None:
    """Raise `InputError` if the names look like a row of the table.

    rows: the distinct texts of each column.
    """
    proof = None
    for name, texts in zip(header.names, rows, strict=False):
        cell = see_numbers([name.strip()])
        below = see_numbers(texts)
        if not below.odd and below.count and name.strip():
            if cell.odd:
                return
            # A whole number may be a name, such as a year or the place of a pixel.
            if not cell.whole:
                proof = proof or name
        elif name in texts:
            proof = name
        elif name.strip():
            return
    if proof is not None:
        raise InputError(
            f"{origin}: the first line looks like a row ({proof[:SHOWN_LETTERS]!r} stands"
            " over values of its kind), want a header with the columns' names. Write one above it."
        )


def _lines_above(lines: Sequence[str]) -> tuple[int, str | None]:
    """Return how many lines stand above the header, and the delimiter that one of them names."""
    count, delimiter = 0, None
    for number, line in enumerate(lines, 1):
        if separator := SEPARATOR_LINE.fullmatch(line.rstrip("\r\n")):
            delimiter = separator[1]
        elif (cells := line.strip(DELIMITERS + " \r\n")) and not COMMENT_LINE.match(line):
            break
        # Lines that are empty altogether nobody counts.
        if separator or cells or line.strip():
            count = number
    # A file of nothing else has its header among them.
    if count == len(lines):
        return 0, None
    # Saved again, a file may have another delimiter than this line says.
    return count, delimiter if delimiter and delimiter in lines[count] else None


def _is_header(line: str, below: str, delimiter: str) -> bool:
    """Tell whether a comment above the rows is their header, as in `#id,age` or `%fat,age`."""
    first, rows = _rows(line, delimiter), _rows(below, delimiter)
    if not first or not rows or len(first[0]) < 2 or len(first[0]) != len(rows[0]):
        return False
    numbers = [sum(see_numbers([cell]).count for cell in row if cell.strip()) for row in rows[:2]]
    # It is a comment if the line below it is a header itself: texts above numbers.
    return numbers[0] > 0 or not any(numbers)


def _check_first(rows: list[list[str]], origin: str, delimiter: str) -> None:
    """Raise `InputError` if the first line has another number of cells than all others."""
    first, others = rows[0], rows[1:]
    if len(others) < FEWEST_ROWS:
        return
    width, count = Counter(map(len, others)).most_common(1)[0]
    if count < AGREEMENT * len(others):
        return
    shown = delimiter.join(first)[:SHOWN_LETTERS]
    # A row too long or short is told with its number; here all but the first line are alike.
    if len(first) != width:
        cells = "1 cell" if len(first) == 1 else f"{len(first)} cells"
        raise InputError(
            f"{origin}: the first line, {shown!r}, has {cells} and the rows below it have {width}"
            f" (delimiter {delimiter!r}), want a header with a name for each column. Delete what"
            " stands above the header, or name every column in it."
        )
    if width > 1 and _filled(first) == 1 and min(map(_filled, others[:FEWEST_ROWS])) > 1:
        raise InputError(
            f"{origin}: the first line, {shown!r}, names a single column, want a header with a name"
            " for each. Delete what stands above the header, or name every column in it."
        )


def _filled(row: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in row)


def _check_several(rows: list[list[str]], text: str, origin: str, given: str | None) -> None:
    """Raise `InputError` if no row is cut into several cells."""
    if max(map(len, rows)) > 1 or len(rows) < 2:
        return
    shown = rows[0][0][:SHOWN_LETTERS]
    rare = next((mark for mark in RARE_DELIMITERS if _evenness(text, mark)[0] >= AGREEMENT), None)
    if given is not None:
        fix = f"Change data.csv.delimiter, which is {given!r}, or set it to null."
    elif BLANKS.search(text):
        fix = "If blanks line up its columns, export it with a mark between them instead."
    elif rare is not None:
        fix = f"If {rare!r} separates them, set data.csv.delimiter to it."
    else:
        fix = "Export the table as CSV, or set data.csv.delimiter."
    raise InputError(
        f"{origin}: the first line, {shown!r}, is a single cell, and so is every row, want columns"
        f" separated by a comma, semicolon, tab or '|'. {fix}"
    )


def _evenness(text: str, delimiter: str) -> tuple[float, int]:
    """Return the part of the rows that are cut alike, and into how many cells."""
    rows = _rows(text, delimiter)
    width, count = Counter(map(len, rows)).most_common(1)[0] if rows else (0, 0)
    if width < 2:
        return (0.0, 0)
    return (count / len(rows), width)


def _rows(text: str, delimiter: str) -> list[list[str]]:
    try:
        reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
        return [row for row in islice(reader, SAMPLE_ROWS) if row]
    except csv.Error:
        return []
