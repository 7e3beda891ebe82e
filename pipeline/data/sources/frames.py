"""Convert Arrow tables to frames whose columns are numbers, booleans, dates, texts or empty."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.config.errors import InputError


def to_arrow(frame: pd.DataFrame) -> pa.Table:
    """Return a frame of any origin as an Arrow table; columns of mixed types become text."""
    columns = {}
    for name, column in frame.items():
        try:
            columns[str(name)] = pa.array(column, from_pandas=True)
        except (pa.ArrowException, OverflowError):
            text = [None if pd.isna(value) else str(value) for value in column]
            columns[str(name)] = pa.array(text, pa.string())
    return pa.table(columns)


def to_frame(table: pa.Table, origin: str) -> pd.DataFrame:
    """Return a frame with nullable booleans, dates in UTC without a zone, and the rest as text.

    `InputError` for a column of lists, structures or bytes; origin names the source in it.
    """
    columns = [
        _plain_column(column, name, origin)
        for name, column in zip(table.column_names, table.columns, strict=True)
    ]
    plain = pa.table(columns, names=table.column_names)
    return plain.to_pandas(
        types_mapper={pa.bool_(): pd.BooleanDtype()}.get, ignore_metadata=True, date_as_object=False
    )


def _plain_column(column: pa.ChunkedArray, name: str, origin: str) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _plain_column(column.cast(kind.value_type), name, origin)
    if pa.types.is_decimal(kind) or pa.types.is_float16(kind):
        return column.cast(pa.float64())
    if pa.types.is_time(kind):
        return column.cast(pa.string())
    if pa.types.is_date(kind):
        return column.cast(pa.timestamp("ms"))
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        return pc.cast(column, pa.timestamp(kind.unit))
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return column.cast(pa.string())
    known = (
        pa.types.is_integer,
        pa.types.is_floating,
        pa.types.is_boolean,
        pa.types.is_timestamp,
        pa.types.is_string,
        pa.types.is_null,
    )
    if not any(is_kind(kind) for is_kind in known):
        raise InputError(
            f"{origin}: column {name!r} holds {kind}, want numbers, text, booleans or dates."
            " Leave it out of the file, or take it apart into plain columns."
        )
    return column
