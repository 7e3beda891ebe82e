"""Describe a table by its schema, and read the schema that `fetch` wrote."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from pipeline.config.errors import InputError
from pipeline.data.schema import FOLD_COLUMN, Column, ColumnKind, Schema, Written
from pipeline.data.table import Table
from pipeline.project.outputs import SCHEMA, read_json


def describe(table: Table, group: str | None) -> Schema:
    """Return the schema of a table."""
    frame = table.frame
    if FOLD_COLUMN in frame.columns:
        raise InputError(
            f"{table.name}: column {FOLD_COLUMN!r} clashes with the one that holds the folds,"
            " want another name. Rename it in the source, or leave it out (data.drop)."
        )
    special = {table.target, group, table.role}
    return Schema(
        name=table.name,
        description=table.description,
        rows=len(frame),
        target=table.target,
        classes=table.classes,
        positive=table.classes[-1] if len(table.classes) == 2 else None,
        group=group,
        role=table.role,
        columns=tuple(
            _column(str(name), values, table.written.get(str(name), Written()))
            for name, values in frame.items()
            if name not in special
        ),
        findings=table.findings,
    )


def read_schema() -> Schema:
    """Read the table's description that `fetch` wrote."""
    return Schema.model_validate(read_json(SCHEMA))


def _column(name: str, values: pd.Series, written: Written) -> Column:
    missing, different = int(values.isna().sum()), values.nunique()
    ignored: Literal["empty", "constant"] | None = None
    if different == 0:
        ignored = "empty"
    elif different == 1 and missing == 0:
        ignored = "constant"
    return Column(
        name=name,
        kind=_kind(values),
        dtype=str(values.dtype),
        missing=missing,
        ignored=ignored,
        written=written,
    )


def _kind(values: pd.Series) -> ColumnKind:
    if pd.api.types.is_bool_dtype(values):
        return "boolean"
    if pd.api.types.is_numeric_dtype(values):
        return "numeric"
    if pd.api.types.is_datetime64_any_dtype(values):
        return "date"
    return "category"
