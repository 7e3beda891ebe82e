"""Check each column: what its values suggest that its user should know.

Each note says what was seen in all values, and advises nothing that would change what a value
means.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from pipeline.data.dates import COMPACT, is_compact
from pipeline.data.findings import Finding, typed
from pipeline.data.looks import Texts, look
from pipeline.data.schema import Schema
from pipeline.data.spellings import same_spelling
from pipeline.data.table import Table

FEWEST_ROWS = 20
MOSTLY_MISSING_SHARE = 0.5
# A column of texts with so many different values for its rows names rows.
UNIQUE_SHARE = 0.95
FREE_TEXT_LETTERS, FREE_TEXT_BLANKS = 40, 5
ID_LIKE = "a different value in each row, like an id; if it is one, leave it out (data.drop)"


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
        elif column.kind == "numeric":
            yield from _of_numbers(name, values, name in table.declared)


def _of_numbers(name: str, values: pd.Series, declared: bool) -> Iterator[Finding]:
    if values.dtype.kind in "iu" and _counts_rows(values):
        yield Finding(check="id-like", column=name, message=ID_LIKE)
    elif not declared and is_compact(present := values.dropna().to_numpy(np.float64)):
        message = (
            f"looks like dates such as {present[0]:.0f}, read as numbers, between which the"
            f" ends of months leave gaps; if they are dates, set {typed(name, f'date:{COMPACT}')}"
        )
        yield Finding(check="dates as numbers", column=name, message=message)


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
    note = None if declared else look(name, Texts(texts, counts.to_numpy().tolist()))
    if note is not None:
        yield Finding(check=note[0], column=name, message=note[1])
        return
    lengths, unique = present.str.len().mean(), len(texts) >= UNIQUE_SHARE * len(present)
    if unique and len(present) >= FEWEST_ROWS:
        if lengths > FREE_TEXT_LETTERS:
            message = (
                "free text, whose levels carry little information; turn what matters in it into"
                " columns of their own, or leave it out (data.drop)"
            )
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
