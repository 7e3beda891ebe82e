"""Reading CSV and Parquet parts into one Arrow table, types found over all rows."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from pipeline.config.errors import InputError
from pipeline.config.sections.data import CsvParams
from pipeline.data.sources.files import SAMPLE_BYTES, Part

DELIMITERS = ",;\t|"
SAMPLE_ROWS = 500
BLOCK_BYTES = 2**25
DECIMAL_COMMA = re.compile(r"[-+]?\d*,\d+([eE][-+]?\d+)?")
DECIMAL_POINT = re.compile(r"[-+]?\d*\.\d+([eE][-+]?\d+)?")


@dataclass(frozen=True)
class Dialect:
    """How a text file separates columns, and whole from parts."""

    delimiter: str
    decimal: str


def read_parts(
    parts: Sequence[Part], given: CsvParams, missing: Sequence[str], texts: Sequence[str]
) -> pa.Table:
    """Rows of all parts, one below the other.

    missing: texts that stand for no value. texts: columns whose cells are kept as written.
    """
    tables = [_read(part, given, missing, texts) for part in parts]
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
            " ones. Say which in data.types, e.g. {zip: category}."
        ) from None


def _read(part: Part, given: CsvParams, missing: Sequence[str], texts: Sequence[str]) -> pa.Table:
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
    dialect = find_dialect(part.path, given)
    options = pacsv.ConvertOptions(
        null_values=list(missing),
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
        decimal_point=dialect.decimal,
        column_types=dict.fromkeys(texts, pa.string()),
    )
    try:
        table = _parse(part.path, dialect, options, threads=True)
    except pa.ArrowInvalid as error:
        raise InputError(_explain(part, dialect, options, error)) from None
    names = _named(table.column_names)
    _check_names(names, part.name)
    return table.rename_columns(names)


def find_dialect(path: Path, given: CsvParams) -> Dialect:
    """The delimiter that cuts most rows like the header, and the decimal mark of the numbers."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        text = file.read(SAMPLE_BYTES)
        if file.read(1) and "\n" in text:
            text = text[: text.rindex("\n") + 1]
    delimiter = given.delimiter or max(DELIMITERS, key=lambda mark: _evenness(text, mark))
    return Dialect(delimiter, given.decimal or _decimal(text, delimiter))


def _evenness(text: str, delimiter: str) -> tuple[float, int]:
    rows = _rows(text, delimiter)
    width = len(rows[0]) if rows else 0
    if width < 2:
        return (0.0, 0)
    return (sum(len(row) == width for row in rows) / len(rows), width)


def _decimal(text: str, delimiter: str) -> str:
    # 1,234 in a file that separates columns by commas is more likely a thousand.
    if delimiter == ",":
        return "."
    cells = [cell.strip() for row in _rows(text, delimiter)[1:] for cell in row]
    commas = sum(DECIMAL_COMMA.fullmatch(cell) is not None for cell in cells)
    points = sum(DECIMAL_POINT.fullmatch(cell) is not None for cell in cells)
    return "," if commas > points else "."


def _rows(text: str, delimiter: str) -> list[list[str]]:
    try:
        reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
        return [row for row in islice(reader, SAMPLE_ROWS) if row]
    except csv.Error:
        return []


def _parse(
    path: Path, dialect: Dialect, options: pacsv.ConvertOptions, threads: bool, **parse: object
) -> pa.Table:
    return pacsv.read_csv(
        path,
        read_options=pacsv.ReadOptions(use_threads=threads, block_size=BLOCK_BYTES),
        parse_options=pacsv.ParseOptions(
            delimiter=dialect.delimiter, newlines_in_values=True, **parse
        ),
        convert_options=options,
    )


def _explain(
    part: Part, dialect: Dialect, options: pacsv.ConvertOptions, error: pa.ArrowInvalid
) -> str:
    """What is wrong with the first row that does not fit, with its number."""
    odd: list[pacsv.InvalidRow] = []

    def note(row: pacsv.InvalidRow) -> str:
        odd.append(row)
        return "error"

    try:
        # Rows are numbered in a single thread only.
        _parse(part.path, dialect, options, threads=False, invalid_row_handler=note)
    except pa.ArrowInvalid as again:
        error = again
    if odd:
        row = odd[0]
        return (
            f"{part.name}: row {row.number} has {row.actual_columns} cells, want"
            f" {row.expected_columns} as in the header (delimiter {dialect.delimiter!r})."
            " Mend the row or its quotes, or set data.csv.delimiter."
        )
    if "Empty CSV" in str(error):
        return f"{part.name}: a header without rows, want rows. Export it again."
    return (
        f"{part.name}: no CSV ({_first_line(error)}), want a header line and rows."
        " Export it again, or set data.csv."
    )


def _named(names: Sequence[str]) -> list[str]:
    """Names of columns; those without one are called after their place."""
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
