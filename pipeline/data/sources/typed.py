"""Read files whose columns have types: Parquet, Arrow, Feather and JSON lines."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.feather
import pyarrow.json
import pyarrow.parquet as pq

from pipeline.config.errors import InputError
from pipeline.data.sources.files import Part

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
        return _read(part.path, part.kind)
    except (pa.ArrowException, OSError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0][:200].rstrip(".")
        fix = "Write or copy it again."
        if part.kind == "json":
            fix = "Give each line one object, and each key values of one type."
        raise InputError(
            f"{part.name}: damaged {NAMES[part.kind]} ({first}), want a whole file. {fix}"
        ) from None


def _read(path: Path, kind: str) -> pa.Table:
    if kind == "parquet":
        return pq.ParquetFile(path).read()
    if kind == "json":
        return pyarrow.json.read_json(path)
    if kind == "feather":
        return pyarrow.feather.read_table(path)
    with pa.OSFile(str(path)) as file:
        reader = pa.ipc.open_stream(file) if kind == "stream" else pa.ipc.open_file(file)
        return reader.read_all()
