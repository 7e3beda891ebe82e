"""Read CSV and Parquet parts into one Arrow table."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from io import StringIO
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from pipeline.config.errors import InputError
from pipeline.config.sections.data import CsvParams
from pipeline.data.sources.files import SAMPLE_BYTES, Part

DELIMITERS = ",;\t|"
SAMPLE_ROWS = 500
BLOCK_BYTES = 2**25


def read_parts(parts: Sequence[Part], given: CsvParams, missing: Sequence[str]) -> pa.Table:
    """Return the rows of all parts, one below the other; cells of CSV are texts, as written.

    missing: texts that stand for no value.
    """
    tables = [_read(part, given, missing) for part in parts]
    first = tables[0]
    for part, table in zip(parts, tables, strict=True):
        if set(table.column_names) != set(first.column_names):
            odd = sorted(set(table.column_names) ^ set(first.column_names))
            raise InputError(
                f"{part.name}: its columns differ from those of {parts[0].name}"
                f" ({', '.join(map(repr, odd[:5]))}), want the same in every part. Name like parts."
            )
    try:
        return pa.concat_tables(
            [table.select(first.column_names) for table in tables], promote_options="permissive"
        )
    except pa.ArrowException as error:
        raise InputError(
            f"{parts[0].name} and its other parts: types differ ({_first_line(error)}), want alike"
            " ones. Write the parts with the same types."
        ) from None


def _read(part: Part, given: CsvParams, missing: Sequence[str]) -> pa.Table:
    if part.kind == "parquet":
        try:
            table = pq.ParquetFile(part.path).read()
        except (pa.ArrowException, OSError) as error:
            raise InputError(
                f"{part.name}: damaged Parquet ({_first_line(error)}), want a whole file."
                " Write or copy it again."
            ) from None
        _check_names(table.column_names, part.name)
        return table
    delimiter, names = find_dialect(part.path, given)
    options = _as_texts(names, missing)
    try:
        table = _parse(part.path, delimiter, options, threads=True)
        if not all(pa.types.is_string(kind) for kind in table.schema.types):
            # The header is longer than the sample, or is cut otherwise.
            table = _parse(part.path, delimiter, _as_texts(table.column_names, missing), True)
    except pa.ArrowInvalid as error:
        raise InputError(_explain(part, delimiter, options, error)) from None
    _check_repeated_header(table, part.name)
    names = _named(table.column_names)
    _check_names(names, part.name)
    return table.rename_columns(names)


def _as_texts(names: Sequence[str], missing: Sequence[str]) -> pacsv.ConvertOptions:
    return pacsv.ConvertOptions(
        null_values=list(missing),
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
        column_types=dict.fromkeys(names, pa.string()),
    )


def find_dialect(path: Path, given: CsvParams) -> tuple[str, list[str]]:
    """Return the delimiter that cuts most rows like the header, and the names in the header."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        text = file.read(SAMPLE_BYTES)
        if file.read(1) and "\n" in text:
            text = text[: text.rindex("\n") + 1]
    delimiter = given.delimiter or max(DELIMITERS, key=lambda mark: _evenness(text, mark))
    rows = _rows(text, delimiter)
    return delimiter, rows[0] if rows else []


def _evenness(text: str, delimiter: str) -> tuple[float, int]:
    rows = _rows(text, delimiter)
    width = len(rows[0]) if rows else 0
    if width < 2:
        return (0.0, 0)
    return (sum(len(row) == width for row in rows) / len(rows), width)


def _rows(text: str, delimiter: str) -> list[list[str]]:
    try:
        reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
        return [row for row in islice(reader, SAMPLE_ROWS) if row]
    except csv.Error:
        return []


def _parse(
    path: Path, delimiter: str, options: pacsv.ConvertOptions, threads: bool, **parse: object
) -> pa.Table:
    return pacsv.read_csv(
        path,
        read_options=pacsv.ReadOptions(use_threads=threads, block_size=BLOCK_BYTES),
        parse_options=pacsv.ParseOptions(delimiter=delimiter, newlines_in_values=True, **parse),
        convert_options=options,
    )


def _explain(
    part: Part, delimiter: str, options: pacsv.ConvertOptions, error: pa.ArrowInvalid
) -> str:
    """Return what is wrong with the first row that does not fit, and its number."""
    odd: list[pacsv.InvalidRow] = []

    def note(row: pacsv.InvalidRow) -> str:
        odd.append(row)
        return "error"

    try:
        # Rows are numbered in a single thread only.
        _parse(part.path, delimiter, options, threads=False, invalid_row_handler=note)
    except pa.ArrowInvalid as again:
        error = again
    if odd:
        row = odd[0]
        return (
            f"{part.name}: row {row.number} has {row.actual_columns} cells, want"
            f" {row.expected_columns} as in the header (delimiter {delimiter!r})."
            " Mend the row or its quotes, or set data.csv.delimiter."
        )
    if "Empty CSV" in str(error):
        return f"{part.name}: a header without rows, want rows. Export it again."
    return (
        f"{part.name}: no CSV ({_first_line(error)}), want a header line and rows."
        " Export it again, or set data.csv."
    )


def _check_repeated_header(table: pa.Table, origin: str) -> None:
    """Raise `InputError` if a row is the header again, as where files were joined."""
    rows = np.arange(table.num_rows)
    for name, column in zip(table.column_names, table.columns, strict=True):
        if name.strip() and len(rows):
            cells = column if len(rows) == table.num_rows else column.take(pa.array(rows))
            rows = rows[pc.fill_null(pc.equal(cells, name), False).to_numpy()]
    if len(rows) and table.num_columns > 1:
        raise InputError(
            f"{origin}: row {rows[0] + 2} repeats the header, want it once, at the top."
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
