"""Read the cells of a column: numbers, booleans, dates and texts, however they are written.

This is the only reader of cells. `fetch` reads a table with it and a served model carries a copy of
it, so both read a cell alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from numbers import Number
from typing import Any

import numpy as np
import pandas as pd

# What a cell of JSON may hold, and no cell of a table.
NESTED = (list, tuple, dict, set, np.ndarray)
YES = {"true", "yes", "t", "y", "1", "1.0"}
NO = {"false", "no", "f", "n", "0", "0.0"}
# Texts of these alone are numbers to Python exactly if they are to this project.
PLAIN_LETTERS = frozenset("0123456789.+-eE")
MINUS_SIGNS = (*range(0x2010, 0x2015), 0x2212, 0xFE63)
BLANKS = (0x00A0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000)
INVISIBLE = (0x00AD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, 0xFEFF)
# Zeros of other scripts, each followed by the digits to nine.
ZEROS = (0x0660, 0x06F0, 0x0966, 0x09E6, 0x0AE6, 0x0E50)
# What people write in place of the letters of a plain number, and programs between them. Letters of
# full width are those of ASCII at another place.
ALIKE = (
    {wide: chr(wide - 0xFEE0) for wide in range(0xFF01, 0xFF5F)}
    | {zero + digit: str(digit) for zero in ZEROS for digit in range(10)}
    | dict.fromkeys(MINUS_SIGNS, "-")
    | dict.fromkeys(BLANKS, " ")
    | dict.fromkeys(INVISIBLE, "")
    # An apostrophe, Arabic marks of decimals and thousands, and the sign of a millionth.
    | {0x2019: "'", 0x066B: ".", 0x066C: "'", 0x00B5: "\u03bc"}
)
# In prices a dash in place of cents, as in 5,- or 5.--
NO_CENTS = re.compile(r"(?<=\d)(?P<mark>[.,])--?(?=\D*$)", re.ASCII)
INFINITY, NOT_A_NUMBER = {"inf", "infinity"}, "nan"
WrittenMapping = Mapping[str, Any]


def read_cells(
    values: pd.Series, kind: str, written: WrittenMapping
) -> tuple[pd.Series, pd.Series]:
    """Return the values of a column's cells, and those cells that are no value of its kind.

    numeric and boolean give floats, date gives dates in UTC, category gives texts.
    written: missing (texts that stand for a gap), decimal and thousands (marks within numbers),
    unit (a text beside each number), date (a format, or None), booleans (whether true counts as 1
    in a numeric column); what is absent is written the usual way.
    """
    if not isinstance(values.dtype, (np.dtype, pd.StringDtype, pd.DatetimeTZDtype)):
        values = _as_objects(values)
    values = _mark_gaps(values, written.get("missing", ("",)))
    read, odd = READERS[kind](values, written)
    return read, values[values.notna() & odd] if odd.any() else values[:0]


def _as_objects(values: pd.Series) -> pd.Series:
    """Return a column of pandas' or Arrow's own types as one of plain objects."""
    if pd.api.types.is_bool_dtype(values.dtype):
        return values.astype("boolean")
    if isinstance(values.dtype, pd.ArrowDtype) and ", tz=" in str(values.dtype):
        # In its own zone a moment may be beyond the last that Python has.
        values = values.dt.tz_convert("UTC")
    return values.astype(object).where(values.notna(), None)


def number_in(text: str, written: WrittenMapping) -> float | None:
    """Return the number that a text holds, or None if it holds none."""
    body = NO_CENTS.sub("", text.translate(ALIKE))
    if unit := written.get("unit"):
        body = body.replace(unit, "", 1)
    body = body.strip()
    negative = False
    # Accountants put a loss in brackets, and some programs write the minus sign last.
    if body[:1] == "(" and body[-1:] == ")":
        body, negative = body[1:-1].strip(), True
    elif body[-1:] == "-":
        body, negative = body[:-1].strip(), True
    if body[:1] in {"+", "-"} and not negative:
        body, negative = body[1:].strip(), body[0] == "-"
    decimal, thousands = written.get("decimal") or ".", written.get("thousands")
    if _pattern(decimal, thousands).fullmatch(body):
        if thousands:
            body = body.replace(thousands, "")
        number = float(body.replace(decimal, "."))
    elif body.lower() in INFINITY:
        number = np.inf
    else:
        return np.nan if body.lower() == NOT_A_NUMBER else None
    return -number if negative else number


@lru_cache
def _pattern(decimal: str, thousands: str | None) -> re.Pattern[str]:
    point, whole = re.escape(decimal), r"\d+"
    if thousands:
        mark = re.escape(thousands)
        # In threes, or as in India: 12,34,567.
        whole = rf"\d{{1,3}}(?:{mark}\d{{3}})+|\d{{1,2}}(?:{mark}\d{{2}})+{mark}\d{{3}}|\d+"
    return re.compile(rf"(?:(?:{whole})(?:{point}\d*)?|{point}\d+)(?:[eE][-+]?\d+)?", re.ASCII)


def _mark_gaps(values: pd.Series, missing: Sequence[str]) -> pd.Series:
    kind = values.dtype
    if isinstance(kind, pd.StringDtype):
        marked = values.isin(list(missing))
    elif pd.api.types.is_object_dtype(kind):
        texts, numbers = set(missing), set(_numbers_in(missing))
        marked = pd.Series(
            [
                cell in (texts if isinstance(cell, str) else numbers)
                if isinstance(cell, (str, Number)) and not isinstance(cell, bool)
                else False
                for cell in values
            ],
            values.index,
            dtype=bool,
        )
    elif pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind):
        marked = values.isin(_numbers_in(missing))
    else:
        return values
    return values.mask(marked) if marked.any() else values


def _numbers_in(texts: Iterable[str]) -> list[float]:
    numbers = (number_in(text, {}) for text in texts)
    return [number for number in numbers if number is not None]


def number_markers(written: WrittenMapping) -> list[float]:
    return _numbers_in(written.get("missing", ()))


def _read_numbers(values: pd.Series, written: WrittenMapping) -> tuple[pd.Series, pd.Series]:
    kind = values.dtype
    if pd.api.types.is_bool_dtype(kind):
        floats = values.astype("Float64").to_numpy(np.float64, na_value=np.nan)
        odd = np.full(len(values), not written.get("booleans"))
    elif pd.api.types.is_numeric_dtype(kind):
        floats = values.to_numpy(np.float64, na_value=np.nan)
        odd = np.zeros(len(values), bool)
    elif isinstance(kind, pd.StringDtype):
        codes, distinct = pd.factorize(values)
        # A gap has the code -1.
        numbers, unread = _numbers_of(np.asarray(distinct, object).tolist(), written)
        floats, odd = np.append(numbers, np.nan)[codes], np.append(unread, False)[codes]
    else:
        cells = [_number_of(cell, written) for cell in values]
        odd = np.array([cell is None for cell in cells], bool)
        floats = np.array([np.nan if cell is None else cell for cell in cells], np.float64)
    if markers := number_markers(written):
        floats[np.isin(floats, markers)] = np.nan
    return pd.Series(floats, values.index), pd.Series(odd, values.index)


def _numbers_of(texts: list[str], written: WrittenMapping) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers in texts, and whether each holds none."""
    if not any(written.get(key) for key in ("thousands", "unit")) and (
        (written.get("decimal") or ".") == "." and PLAIN_LETTERS.issuperset("".join(texts))
    ):
        try:
            return np.array(texts, object).astype(np.float64), np.zeros(len(texts), bool)
        except ValueError:
            pass
    numbers = [number_in(text, written) for text in texts]
    unread = np.array([number is None for number in numbers], bool)
    return np.array([np.nan if n is None else n for n in numbers], np.float64), unread


def _number_of(cell: Any, written: WrittenMapping) -> float | None:
    if isinstance(cell, str):
        return number_in(cell, written)
    if isinstance(cell, (bool, np.bool_)) and not written.get("booleans"):
        return None
    try:
        return float(cell) if isinstance(cell, Number) else None  # type: ignore[arg-type]
    except TypeError:
        # A complex number.
        return None


def _read_booleans(values: pd.Series, written: WrittenMapping) -> tuple[pd.Series, pd.Series]:
    words = values.map(lambda cell: text_of(cell).strip().lower(), na_action="ignore")
    numbers = np.where(words.isin(YES), 1.0, np.where(words.isin(NO), 0.0, np.nan))
    read = pd.Series(numbers, values.index)
    return read, read.isna()


def _read_texts(values: pd.Series, written: WrittenMapping) -> tuple[pd.Series, pd.Series]:
    if isinstance(values.dtype, pd.StringDtype):
        return values, pd.Series(False, values.index)
    odd = pd.Series([isinstance(cell, NESTED) for cell in values], values.index, dtype=bool)
    return values.astype(object).map(text_of, na_action="ignore").astype("str"), odd


def text_of(cell: Any) -> str:
    """Return a value as people write it, whatever its neighbours: a whole number has no point."""
    if isinstance(cell, (float, np.floating)) and cell % 1 == 0:
        return f"{cell:.0f}"
    return str(cell)


def _read_dates(values: pd.Series, written: WrittenMapping) -> tuple[pd.Series, pd.Series]:
    dates = values
    if not pd.api.types.is_datetime64_any_dtype(values):
        wanted = written.get("date")
        words = values.astype(object).map(lambda cell: _date_word(cell, wanted is not None))
        dates = pd.to_datetime(words, format=wanted or "ISO8601", errors="coerce", utc=True)
        # A program sends a date as ISO 8601, however the table wrote it.
        if wanted not in (None, "ISO8601") and not wanted.startswith("%Y"):
            rest = words.where(dates.isna())
            again = pd.to_datetime(rest, format="ISO8601", errors="coerce", utc=True)
            dates = dates.fillna(again)
    if getattr(dates.dtype, "tz", None) is not None:
        dates = dates.dt.tz_convert("UTC").dt.tz_localize(None)
    return dates, dates.isna()


def _date_word(cell: Any, numbers: bool) -> Any:
    """Return what may be a date, or None; a number may be one only where a format says so."""
    if isinstance(cell, (*NESTED, bool, np.bool_)):
        return None
    if isinstance(cell, Number):
        return text_of(cell) if numbers else None
    return cell


READERS: dict[str, Callable[[pd.Series, WrittenMapping], tuple[pd.Series, pd.Series]]] = {
    "numeric": _read_numbers,
    "boolean": _read_booleans,
    "date": _read_dates,
    "category": _read_texts,
}
