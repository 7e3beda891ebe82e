"""Read parts, text or typed, into one Arrow table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from pipeline.config.errors import InputError
from pipeline.config.sections.data import CsvParams
from pipeline.data.sources.files import Part
from pipeline.data.sources.header import Header, check_names_are_no_row, find_header
from pipeline.data.sources.typed import read_typed

BLOCK_BYTES = 2**25
SHOWN_LETTERS = 40
# What may stand around a name that is repeated.
AROUND = " \t\r\n\u00a0\ufeff"


def read_parts(
    parts: Sequence[Part], given: CsvParams, missing: Sequence[str], needed: Set[str] = frozenset()
) -> tuple[pa.Table, list[str]]:
    """Return the rows of all parts, one below the other, and notes; cells of CSV are texts.

    missing: texts that stand for no value. needed: names of columns that the user gives.
    """
    notes: list[str] = []
    tables = [_read(part, given, missing, needed, notes) for part in parts]
    first = tables[0]
    for part, table in zip(parts, tables, strict=True):
        if set(table.column_names) != set(first.column_names):
            odd = sorted(set(table.column_names) ^ set(first.column_names))
            raise InputError(
                f"{part.name}: its columns differ from those of {parts[0].name}"
                f" ({', '.join(map(repr, odd[:5]))}), want the same in every part. Name like parts."
            )
    try:
        alike = [table.select(first.column_names) for table in tables]
        return pa.concat_tables(alike, promote_options="permissive"), notes
    except pa.ArrowException as error:
        raise InputError(
            f"{parts[0].name} and its other parts: types differ ({_first_line(error)}), want alike"
            " ones. Write the parts with the same types."
        ) from None


def _read(
    part: Part, given: CsvParams, missing: Sequence[str], needed: Set[str], notes: list[str]
) -> pa.Table:
    if part.kind != "csv":
        table = read_typed(part)
        _check_names(table.column_names, part.name)
        check_header_once(table, part.name, 1)
        return table
    header = find_header(part.path, part.name, given)
    if header.comments:
        lines = "1 line" if header.comments == 1 else f"{header.comments} lines"
        notes.append(f"{part.name}: {lines} above the header, read as comments, were skipped")
    options = _as_texts(header.names, missing)
    try:
        table = _parse(part.path, header, options, threads=True)
        if not all(pa.types.is_string(kind) for kind in table.schema.types):
            # The header is longer than the sample, or is cut otherwise.
            table = _parse(part.path, header, _as_texts(table.column_names, missing), threads=True)
    except pa.ArrowInvalid as error:
        raise InputError(_explain(part, header, options, error)) from None
    if not needed & set(table.column_names):
        distinct = [column.unique().drop_null().to_pylist() for column in table.columns]
        check_names_are_no_row(header, distinct, part.name)
    names = _named(table.column_names)
    _check_names(names, part.name)
    check_header_once(table, part.name, 2 + header.skipped)
    return table.rename_columns(names)


def _as_texts(names: Sequence[str], missing: Sequence[str]) -> pacsv.ConvertOptions:
    return pacsv.ConvertOptions(
        null_values=list(missing),
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
        column_types=dict.fromkeys(names, pa.string()),
    )


def _parse(
    path: Path, header: Header, options: pacsv.ConvertOptions, threads: bool, **parse: object
) -> pa.Table:
    return pacsv.read_csv(
        path,
        read_options=pacsv.ReadOptions(
            use_threads=threads, block_size=BLOCK_BYTES, skip_rows=header.skipped
        ),
        parse_options=pacsv.ParseOptions(
            delimiter=header.delimiter, newlines_in_values=True, **parse
        ),
        convert_options=options,
    )


def _explain(
    part: Part, header: Header, options: pacsv.ConvertOptions, error: pa.ArrowInvalid
) -> str:
    """Return what is wrong with the first row that does not fit, and its number."""
    odd: list[pacsv.InvalidRow] = []

    def note(row: pacsv.InvalidRow) -> str:
        odd.append(row)
        return "error"

    try:
        # Rows are numbered in a single thread only.
        _parse(part.path, header, options, threads=False, invalid_row_handler=note)
    except pa.ArrowInvalid as again:
        error = again
    if odd:
        row = odd[0]
        cells = "1 cell" if row.actual_columns == 1 else f"{row.actual_columns} cells"
        return (
            f"{part.name}: row {row.number} has {cells}, want {row.expected_columns} as in the"
            f" header (delimiter {header.delimiter!r}): {row.text[:SHOWN_LETTERS]!r}."
            " Mend the row or its quotes, or set data.csv.delimiter."
        )
    if "Empty CSV" in str(error):
        return f"{part.name}: a header without rows, want rows. Export it again."
    return (
        f"{part.name}: no CSV ({_first_line(error)}), want a header line and rows."
        " Export it again, or set data.csv."
    )


def check_header_once(table: pa.Table, origin: str, first: int) -> None:
    """Raise `InputError` if a row is the header again, as where files were joined.

    first: the number of the first row, as the user counts.
    """
    named = [name for name in table.column_names if name.strip()]
    if len(named) < 2 or not all(pa.types.is_string(table[name].type) for name in named):
        return
    rows = np.arange(table.num_rows)
    for name in named:
        cells = table[name] if len(rows) == table.num_rows else table[name].take(pa.array(rows))
        plain = pc.utf8_lower(pc.utf8_trim(cells, AROUND))
        rows = rows[pc.fill_null(pc.equal(plain, name.strip(AROUND).lower()), False).to_numpy()]
        if not len(rows):
            return
    raise InputError(
        f"{origin}: row {rows[0] + first} repeats the header, want it once, at the top."
        " Delete that row."
    )


def _named(names: Sequence[str]) -> list[str]:
    """Return the columns' names; a column without one is named after its place."""
    return [name if name.strip() else f"column {place}" for place, name in enumerate(names, 1)]


def _check_names(names: Sequence[str], origin: str) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InputError(
            f"{origin}: several columns are called {twice[0]!r}, want each name once."
            " Rename one of them in the file."
        )


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0][:200].rstrip(".") if str(error) else type(error).__name__
