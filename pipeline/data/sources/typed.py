"""Read files whose columns have types: Parquet, Arrow, Feather and JSON lines."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.feather
import pyarrow.json
import pyarrow.parquet as pq

from pipeline.config.errors import InputError
from pipeline.data.sources.files import Part
from pipeline.data.sources.frames import to_arrow

# Whole numbers from here on are no integers to Arrow.
BEYOND = 2**63
NAMES = {
    "parquet": "Parquet",
    "arrow": "Arrow",
    "stream": "Arrow",
    "feather": "Feather",
    "json": "JSON lines",
}


def read_typed(part: Part) -> pa.Table:
    """Return the table in a file of one of these kinds."""
    try:
        if part.kind == "json":
            return _read_json(part)
        return _read(part.path, part.kind)
    except (pa.ArrowException, OSError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0][:200].rstrip(".")
        raise InputError(
            f"{part.name}: damaged {NAMES[part.kind]} ({first}), want a whole file."
            " Write or copy it again."
        ) from None


def _read_json(part: Part) -> pa.Table:
    """Return the rows of JSON lines; a key with numbers and texts gives a column of texts."""
    try:
        table = pyarrow.json.read_json(part.path)
    except pa.ArrowInvalid:
        return _read_objects(part)
    # Arrow rounds whole numbers that it has no integers for.
    floats = [column for column in table.columns if pa.types.is_floating(column.type)]
    ends = [pc.max(pc.abs(column)).as_py() for column in floats]
    return _read_objects(part) if any((end or 0) >= BEYOND for end in ends) else table


def _read_objects(part: Part) -> pa.Table:
    """Read JSON lines one by one, which takes longer and takes any value."""
    rows = []
    with part.path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line, object_pairs_hook=_each_key_once)
            except ValueError as error:
                row = error
            if not isinstance(row, dict):
                what = f"is no JSON: {row}" if isinstance(row, ValueError) else "is no object"
                raise InputError(
                    f"{part.name}: line {number} {what}, want an object with a row's values."
                    " Mend the line, or write the file again."
                )
            rows.append(row)
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: pd.Series([row.get(name) for row in rows], dtype=object) for name in names}
    return to_arrow(pd.DataFrame(columns))


def _each_key_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    row = dict(pairs)
    if len(row) < len(pairs):
        raise ValueError("a key stands in it twice")
    return row


def _read(path: Path, kind: str) -> pa.Table:
    if kind == "parquet":
        return pq.ParquetFile(path).read()
    if kind == "feather":
        return pyarrow.feather.read_table(path)
    with pa.OSFile(str(path)) as file:
        reader = pa.ipc.open_stream(file) if kind == "stream" else pa.ipc.open_file(file)
        return reader.read_all()
