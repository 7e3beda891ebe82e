"""Convert Arrow tables to frames whose columns are numbers, booleans, dates, texts or empty."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.config.errors import InputError
from pipeline.data.rows.cells import text_of

# Whole numbers up to here are exact in double precision.
EXACT = 2**53
BINARY = (
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_fixed_size_binary,
    pa.types.is_binary_view,
)
PLAIN = (
    pa.types.is_floating,
    pa.types.is_boolean,
    pa.types.is_timestamp,
    pa.types.is_string,
    pa.types.is_null,
)


def to_arrow(frame: pd.DataFrame) -> pa.Table:
    """Return a frame of any origin as an Arrow table; columns of mixed types become text."""
    columns = {}
    for name, column in frame.items():
        try:
            columns[str(name)] = pa.array(column, from_pandas=True)
        except (pa.ArrowException, OverflowError):
            text = [None if pd.isna(value) else text_of(value) for value in column]
            columns[str(name)] = pa.array(text, pa.string())
    return pa.table(columns)


def to_frame(table: pa.Table, origin: str, unwanted: Collection[str] = ()) -> pd.DataFrame:
    """Return a frame with nullable booleans, dates in UTC without a zone, and the rest as text.

    unwanted: columns that nobody reads; one that no column of a table can be is left empty.
    `InputError` for any other column of lists, structures or bytes; origin names the source in it.
    """
    columns = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        plain = _plain_column(column)
        if plain is None and name not in unwanted:
            raise InputError(
                f"{origin}: column {name!r} holds {column.type}, want numbers, text, booleans or"
                f" dates. Leave it out (data.drop), or turn it into plain columns in the file."
            )
        if plain is not None and name not in unwanted:
            _check_dates(plain, name, origin)
        columns.append(pa.nulls(len(column), pa.string()) if plain is None else plain)
    return pa.table(columns, names=table.column_names).to_pandas(
        types_mapper={pa.bool_(): pd.BooleanDtype()}.get, ignore_metadata=True, date_as_object=False
    )


def _check_dates(column: pa.ChunkedArray, name: str, origin: str) -> None:
    """Raise `InputError` for moments that microseconds do not reach."""
    if not pa.types.is_timestamp(column.type):
        return
    try:
        column.cast(pa.timestamp("us"))
    except pa.ArrowInvalid:
        # In nanoseconds a moment has digits that microseconds lack, and all are reached.
        if column.type.unit != "ns":
            raise InputError(
                f"{origin}: column {name!r} holds dates beyond the year 294246, want dates that a"
                " calendar has. Mend them, or leave the column out (data.drop)."
            ) from None


def _plain_column(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Return a column of a plain type, or None if it holds nothing that a table's cell is."""
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        return _plain_column(column.cast(kind.storage_type))
    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
        return _plain_column(pa.chunked_array([_decoded(chunk) for chunk in column.chunks]))
    if pa.types.is_decimal(kind):
        return _whole_or_text(column) if kind.scale <= 0 else column.cast(pa.float64())
    if pa.types.is_integer(kind):
        return _whole_or_text(column)
    if pa.types.is_float16(kind):
        return column.cast(pa.float64())
    if pa.types.is_time(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return column.cast(pa.string())
    if pa.types.is_date(kind):
        return column.cast(pa.timestamp("ms"))
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        return pc.cast(column, pa.timestamp(kind.unit))
    if any(is_kind(kind) for is_kind in BINARY):
        try:
            return column.cast(pa.binary()).cast(pa.string())
        except pa.ArrowInvalid:
            return None
    return column if any(is_kind(kind) for is_kind in PLAIN) else None


def _decoded(chunk: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(chunk.type):
        return chunk.dictionary_decode()
    return pc.run_end_decode(chunk)


def _whole_or_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return whole numbers, or their texts where as numbers two of them would be one."""
    whole = column
    if pa.types.is_decimal(column.type):
        try:
            whole = column.cast(pa.int64())
        except pa.ArrowInvalid:
            return column.cast(pa.string())
    ends = pc.min_max(whole).as_py()
    if ends["min"] is None or max(abs(ends["min"]), abs(ends["max"])) <= EXACT:
        return whole
    floats = pc.cast(whole, pa.float64(), safe=False)
    alike = pc.count_distinct(floats).as_py() < pc.count_distinct(whole).as_py()
    return whole.cast(pa.string()) if alike else whole
