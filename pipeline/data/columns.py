"""Give each column its type: the one that the user names, or the one that its cells show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.config.errors import InputError
from pipeline.config.sections.data import DataParams
from pipeline.data.dates import ISO
from pipeline.data.findings import Finding
from pipeline.data.inference import Note, guess_note, infer, number_written
from pipeline.data.numbers import NumbersSeen, choose_marks, see_numbers, usual_decimal
from pipeline.data.rows.cells import read_cells
from pipeline.data.schema import ColumnKind, Written

KINDS: dict[str, ColumnKind] = {
    "number": "numeric",
    "category": "category",
    "boolean": "boolean",
    "date": "date",
}
# Whole numbers up to here are exact in double precision.
EXACT = 2**53


@dataclass(frozen=True, eq=False)
class Typed:
    """A column's values, and how its cells were written."""

    cells: pd.Series
    written: Written
    findings: tuple[Finding, ...] = ()


def type_columns(
    frame: pd.DataFrame, as_written: set[str], texts: bool, data: DataParams, origin: str
) -> dict[str, Typed]:
    """Return each column with its type.

    as_written: columns that stay texts unless the user types them: target, group and role.
    texts: whether each cell is the text in a file, so that its type has to be inferred.
    """
    wanted = {name: data.types[name] for name in frame.columns if name in data.types}
    seen = {
        name: see_numbers(_distinct(frame[name]))
        for name in frame.columns
        if is_text(frame[name])
        and (wanted[name] == "number" if name in wanted else texts and name not in as_written)
    }
    usual = usual_decimal(seen.values(), data.csv)
    columns: dict[str, Typed] = {}
    for name in frame.columns:
        values = frame[name]
        if name in wanted:
            columns[name] = _as_wanted(values, wanted[name], seen.get(name), data, usual, origin)
        elif name in seen:
            columns[name] = _as_found(values, seen[name], data, usual)
        else:
            # A number that stands for a gap, or a text.
            written = Written(missing=data.missing)
            columns[name] = Typed(mark_gaps(values, data.missing), written)
    return columns


def is_text(column: pd.Series) -> bool:
    """Tell whether a column holds texts."""
    return isinstance(column.dtype, pd.StringDtype) or column.dtype == object


def as_text(column: pd.Series) -> pd.Series:
    """Return values as people write them: whole numbers without a point, gaps as gaps."""
    return read_cells(column, "category", {"missing": ()})[0].astype("str")


def mark_gaps(column: pd.Series, missing: tuple[str, ...]) -> pd.Series:
    """Return the column with gaps in place of what stands for one; itself if it holds none."""
    if is_text(column):
        marked = column.isin([*missing])
    elif pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        numbers = pd.to_numeric(pd.Series([*missing], dtype="str"), errors="coerce").dropna()
        marked = column.isin([*numbers])
    else:
        return column
    return column.mask(marked) if marked.any() else column


def _distinct(values: pd.Series) -> list[str]:
    distinct = np.asarray(values.unique(), object)
    return [str(text) for text in distinct[~pd.isna(distinct)]]


def _as_found(values: pd.Series, seen: NumbersSeen, data: DataParams, usual: str | None) -> Typed:
    name = str(values.name)
    inferred = infer(name, lambda: _distinct(values), seen, data.csv, usual)
    written = inferred.written.model_copy(update={"missing": data.missing})
    read, odd = read_cells(values, inferred.kind, written.model_dump())
    if len(odd):
        return Typed(values, Written(missing=data.missing))
    stored = _stored(read, values, inferred.kind, seen.whole)
    return Typed(stored, written, _findings(values, inferred.notes))


def _as_wanted(
    values: pd.Series,
    wanted: str,
    seen: NumbersSeen | None,
    data: DataParams,
    usual: str | None,
    origin: str,
) -> Typed:
    kind = KINDS[wanted.split(":")[0]]
    written, notes = Written(), list[Note]()
    if kind == "date":
        written = Written(date=_date_format(wanted, values, origin))
    elif kind == "numeric" and pd.api.types.is_bool_dtype(values):
        written = Written(booleans=True)
    elif kind == "numeric" and seen is not None:
        marks = choose_marks(seen, data.csv, usual)
        if marks is not None:
            written, notes = number_written(seen, marks), guess_note(seen, marks)
    written = written.model_copy(update={"missing": data.missing})
    read, odd = read_cells(values, kind, written.model_dump())
    if len(odd):
        cell = str(odd.iloc[0])
        raise InputError(
            f"{origin}: column {values.name!r} holds {cell[:40]!r}, want {wanted} as in"
            f" data.types ({len(odd)} such values).{_mend(cell, kind)}"
        )
    whole = seen is not None and seen.whole
    return Typed(_stored(read, values, kind, whole), written, _findings(values, notes))


def _findings(values: pd.Series, notes: Iterable[Note]) -> tuple[Finding, ...]:
    return tuple(Finding(check=c, column=str(values.name), message=text) for c, text in notes)


def _mend(cell: str, kind: ColumnKind) -> str:
    # A value that holds a digit is a value: as a gap it would be lost.
    if kind == "numeric" and any(letter.isdigit() for letter in cell):
        return (
            " Write it as a plain number in the file, set data.csv.decimal and data.csv.thousands,"
            " or change the type."
        )
    if kind == "date":
        return " Give the format of its dates, e.g. date:%d.%m.%Y, mend the cell, or change it."
    return " List it in data.missing if it stands for no value; else mend it or change the type."


def _date_format(wanted: str, values: pd.Series, origin: str) -> str:
    written = wanted.removeprefix("date").removeprefix(":") or ISO
    try:
        if written != ISO and "%" not in written:
            raise ValueError(written)
        pd.to_datetime(pd.Series(["x"]), format=written, errors="coerce")
    except ValueError:
        raise InputError(
            f"params.yaml: data.types gives {values.name!r} the date format {written!r}, want one"
            " of strftime's. Change it, e.g. date:%d.%m.%Y."
        ) from None
    return written


def _stored(read: pd.Series, values: pd.Series, kind: ColumnKind, whole: bool) -> pd.Series:
    """Return a column as the raw table stores it: whole numbers as integers, booleans with gaps."""
    if kind == "boolean":
        return read.astype("boolean")
    if kind == "category":
        return read.astype("str")
    if kind == "date" or not whole or read.isna().any() or not len(read):
        return read
    if read.abs().max() < EXACT:
        return read.astype(np.int64)
    exact = values.map(int)
    return exact if exact.dtype == np.int64 else read
