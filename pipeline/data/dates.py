"""Recognize how people write dates, and the formats that read them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

ISO = "ISO8601"
ISO_DATE = re.compile(
    r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?P<zone>Z|[-+]\d\d(?::?\d\d)?)?)?"
)
MONTH = "[A-Za-z]{3,9}"
DATE_LIKE = re.compile(
    r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}(?:[ T].*)?|\d{4}-(?:0[1-9]|1[0-2])|(?:0?[1-9]|1[0-2])/\d{4}|"
    rf"(?:[A-Z][a-z]{{2}}, )?\d{{1,2}}\.?[- /]{MONTH}\.?[- /]\d{{2,4}}(?: .*)?|"
    rf"{MONTH}\.? \d{{1,2}}, ?\d{{4}}(?: .*)?|{MONTH}[- ]\d{{4}}"
)
DAYS = (
    "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%Y.%m.%d", "%d-%m-%Y", "%m-%d-%Y",
    "%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%d %b %Y", "%d %B %Y", "%d. %B %Y", "%b %d, %Y",
    "%B %d, %Y", "%d-%b-%Y", "%d-%b-%y", "%d/%b/%Y", "%a, %d %b %Y", "%Y-%m-%d",
)  # fmt: skip
MONTHS = ("%m/%Y", "%b %Y", "%B %Y", "%b-%Y")
TIMES = (
    "", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p", " %H:%M:%S %z",
    " %H:%M:%S UTC", " %H:%M:%S GMT", "T%H:%M:%S",
)  # fmt: skip
FORMATS = (ISO, *(day + time for day in DAYS for time in TIMES), *MONTHS)
# Formats that read few of the first texts read few of all.
TRIED = 20
COMPACT = "%Y%m%d"
FIRST_COMPACT, LAST_COMPACT = 1900_01_01, 2100_12_31


def zones_of(texts: Iterable[str]) -> set[bool]:
    """Return whether dates have a time zone, of those that are written as in ISO 8601."""
    matches = (ISO_DATE.fullmatch(text.strip()) for text in texts)
    return {bool(match["zone"]) for match in matches if match}


def formats_of(texts: Sequence[str]) -> tuple[list[str], set[str]]:
    """Return the formats that read most of these texts, and the texts that they read.

    No format if none reads half of them.
    """
    first = pd.Series([*texts[:TRIED]], dtype="str")
    likely = [written for written in FORMATS if 2 * _is_read(first, written).sum() >= len(first)]
    column = pd.Series([*texts], dtype="str")
    read = {written: _is_read(column, written) for written in likely}
    most = max((int(texts_read.sum()) for texts_read in read.values()), default=0)
    if 2 * most < len(column) or not most:
        return [], set()
    best = [written for written in likely if read[written].sum() == most]
    return best[:1] if best[0] == ISO else best, set(column[read[best[0]]])


def is_compact(numbers: npt.NDArray[np.float64]) -> bool:
    """Tell whether each number is a day written as in 20241231, and not all are the same."""
    ends = (numbers.min(), numbers.max()) if len(numbers) else (0, 0)
    if not FIRST_COMPACT <= ends[0] < ends[1] <= LAST_COMPACT or (numbers % 1 != 0).any():
        return False
    days = pd.Series(np.unique(numbers).astype(np.int64)).astype("str")
    return bool(_is_read(days, COMPACT).all())


def _is_read(column: pd.Series, written: str) -> pd.Series:
    dates = pd.to_datetime(column.str.strip(), format=written, errors="coerce", utc=True)
    return dates.notna()
