"""Pick the source that the parameters name, and read it."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from pipeline.config.errors import InputError, did_you_mean, one_line
from pipeline.config.sections.data import DataParams
from pipeline.config.sections.split import SplitParams
from pipeline.data.sources.delimited import check_header_once, read_parts
from pipeline.data.sources.files import GLOB_MARKS, find_files, open_part
from pipeline.data.sources.frames import to_arrow, to_frame
from pipeline.data.sources.named import NAMED
from pipeline.data.sources.openml import load_openml
from pipeline.data.sources.raw import Raw
from pipeline.data.sources.remote import download, shown_url
from pipeline.data.sources.sql import query_database, query_file
from pipeline.data.sources.workbook import read_workbook
from pipeline.data.table import Table, shape_table

# Files that hold several tables.
ALONE = {"sqlite": "database", "workbook": "workbook"}
OPENML_CACHE = Path(".state/openml")


def load_table(data: DataParams, split: SplitParams) -> Table:
    """Return the table that the parameters describe; raise `InputError` if there is none."""
    needed = {name for name in (data.target, split.group, split.role) if name is not None}
    return shape_table(load_raw(data, needed), data, split)


def load_raw(data: DataParams, needed: Collection[str] = ()) -> Raw:
    """Return the rows of `data.source` as they are.

    needed: columns that `data.keep` need not name.
    """
    source = data.source
    if source in NAMED:
        return NAMED[source]()
    if source.startswith("openml:"):
        raw = load_openml(source.removeprefix("openml:").strip(), OPENML_CACHE)
        table = to_arrow(raw.frame)
        frame = to_frame(table, raw.name, _unwanted(table, data, {*needed, raw.target}))
        return replace(raw, name=_plain(raw.name), frame=frame)
    if source.startswith("sql:"):
        name, frame = query_database(source.removeprefix("sql:").strip(), data)
        table = to_arrow(frame)
        frame = to_frame(table, "data.query", _unwanted(table, data, needed))
        return Raw(_plain(name), f"A query of database {name}", frame)
    with TemporaryDirectory(prefix="table-") as scratch:
        if "://" in source:
            return _from_files(
                [download(source, data, Path(scratch))], [shown_url(source)], data, needed
            )
        path = Path(source)
        if not (path.exists() or path.suffix or set(source) & {*GLOB_MARKS, "/"}):
            hint = did_you_mean(source, NAMED) or " Check the name."
            raise InputError(
                f"params.yaml: data.source is {source!r}, want a file, a URL, sql:, openml: or one"
                f" of: {', '.join(NAMED)}.{hint}"
            )
        paths = find_files(source, data.watch)
        return _from_files(paths, [one_line(str(path)) for path in paths], data, needed)


def _from_files(
    paths: list[Path], names: list[str], data: DataParams, needed: Collection[str]
) -> Raw:
    with TemporaryDirectory(prefix="table-") as scratch:
        parts = [
            open_part(path, name, data, Path(scratch) / str(number))
            for number, (path, name) in enumerate(zip(paths, names, strict=True))
        ]
        alone = [part for part in parts if part.kind in ALONE]
        if alone and len(parts) > 1:
            raise InputError(
                f"{alone[0].name}: a {ALONE[alone[0].kind]} among {len(parts)} files, want it"
                " alone. Name it in data.source."
            )
        if alone:
            read = query_file if alone[0].kind == "sqlite" else read_workbook
            rows = to_arrow(read(alone[0].path, names[0], data))
            check_header_once(rows, names[0], 2 if alone[0].kind == "workbook" else 1)
            shown = Path(names[0]).name
            frame = to_frame(rows, names[0], _unwanted(rows, data, needed))
            kind = ALONE[alone[0].kind].capitalize()
            return Raw(_plain(shown.split(".")[0]), f"{kind} {shown}", frame)
        table, notes = read_parts(parts, data.csv, data.missing, frozenset(needed))
    notes += [
        f"{part.name} is not UTF-8 and was read as {part.guessed}; if letters look wrong, set"
        " data.csv.encoding"
        for part in parts
        if part.guessed
    ]
    shown = Path(names[0]).name
    return Raw(
        name=_plain(shown.split(".")[0]),
        description=f"Table {shown}" + (f" and {len(names) - 1} more" if names[1:] else ""),
        frame=to_frame(table, names[0], _unwanted(table, data, needed)),
        texts=any(part.kind == "csv" for part in parts),
        notes=tuple(notes),
    )


def _unwanted(table: pa.Table, data: DataParams, needed: Collection[str | None]) -> Collection[str]:
    """Return the columns that the parameters leave out, so that their types do not matter."""
    if data.keep is None:
        return data.drop
    return {*data.drop, *(set(table.column_names) - {*data.keep, *needed})}


def _plain(name: str) -> str:
    """Return a name that a study, an experiment and a file may have."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.") or "table"
