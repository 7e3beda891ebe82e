"""Pick the source that the parameters name, and read it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.config.errors import InputError, did_you_mean, one_line
from pipeline.config.sections.data import DataParams
from pipeline.config.sections.split import SplitParams
from pipeline.data.sources.delimited import read_parts
from pipeline.data.sources.files import GLOB_MARKS, find_files, open_part
from pipeline.data.sources.frames import to_arrow, to_frame
from pipeline.data.sources.named import NAMED
from pipeline.data.sources.openml import load_openml
from pipeline.data.sources.raw import Raw
from pipeline.data.sources.remote import download, shown_url
from pipeline.data.sources.sql import query_database
from pipeline.data.table import Table, shape_table

OPENML_CACHE = Path(".state/openml")


def load_table(data: DataParams, split: SplitParams) -> Table:
    """Return the table that the parameters describe; raise `InputError` if there is none."""
    return shape_table(load_raw(data), data, split)


def load_raw(data: DataParams) -> Raw:
    """Return the rows of `data.source` as they are."""
    source = data.source
    if source in NAMED:
        return NAMED[source]()
    if source.startswith("openml:"):
        raw = load_openml(source.removeprefix("openml:").strip(), OPENML_CACHE)
        return replace(raw, name=_plain(raw.name), frame=to_frame(to_arrow(raw.frame), raw.name))
    if source.startswith("sql:"):
        name, frame = query_database(source.removeprefix("sql:").strip(), data)
        frame = to_frame(to_arrow(frame), "data.query")
        return Raw(_plain(name), f"A query of database {name}", frame)
    with TemporaryDirectory(prefix="table-") as scratch:
        if "://" in source:
            return _from_files([download(source, data, Path(scratch))], [shown_url(source)], data)
        path = Path(source)
        if not (path.exists() or path.suffix or set(source) & {*GLOB_MARKS, "/"}):
            hint = did_you_mean(source, NAMED) or " Check the name."
            raise InputError(
                f"params.yaml: data.source is {source!r}, want a file, a URL, sql:, openml: or one"
                f" of: {', '.join(NAMED)}.{hint}"
            )
        paths = find_files(source, data.watch)
        return _from_files(paths, [one_line(str(path)) for path in paths], data)


def _from_files(paths: list[Path], names: list[str], data: DataParams) -> Raw:
    with TemporaryDirectory(prefix="table-") as scratch:
        parts = [
            open_part(path, name, data, Path(scratch) / str(number))
            for number, (path, name) in enumerate(zip(paths, names, strict=True))
        ]
        table = read_parts(parts, data.csv, data.missing)
    notes = [
        f"{part.name} is not UTF-8 and was read as {part.guessed}; if letters look wrong, set"
        " data.csv.encoding"
        for part in parts
        if part.guessed
    ]
    shown = Path(names[0]).name
    return Raw(
        name=_plain(shown.split(".")[0]),
        description=f"Table {shown}" + (f" and {len(names) - 1} more" if names[1:] else ""),
        frame=to_frame(table, names[0]),
        texts=any(part.kind == "csv" for part in parts),
        notes=tuple(notes),
    )


def _plain(name: str) -> str:
    """Return a name that a study, an experiment and a file may have."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.") or "table"
