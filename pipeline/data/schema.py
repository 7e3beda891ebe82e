"""What is known of a table: its columns, its classes, and which class is positive."""

from __future__ import annotations

from typing import Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict

from pipeline.data.table import Finding, Table
from pipeline.errors import InputError

FOLD_COLUMN = "fold"


class Column(BaseModel):
    """One raw feature column.

    ignored: why it says nothing, or None; no preparation uses it, and a model does without it.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    kind: Literal["numeric", "boolean", "date", "category"]
    dtype: str
    missing: int
    ignored: Literal["empty", "constant"] | None = None


class Schema(BaseModel):
    """A table's description, written by `fetch` and read by all later stages.

    classes: labels in class-number order. positive: the class that ROC, PR and predictions are
    about, the last of two; None for more than two.
    group, role: the columns that name the group a row belongs to, and its role; no features.
    findings: what the user should know of the table.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    description: str
    rows: int
    target: str
    classes: tuple[str, ...]
    positive: str | None
    group: str | None
    role: str | None = None
    columns: tuple[Column, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def features(self) -> list[str]:
        """Names of the raw feature columns, in the source's order."""
        return [column.name for column in self.columns]

    @property
    def numeric(self) -> list[str]:
        """Names of the numeric feature columns."""
        return self.of_kind("numeric")

    @property
    def category(self) -> list[str]:
        """Names of the feature columns that hold categories."""
        return self.of_kind("category")

    def of_kind(self, kind: str) -> list[str]:
        """Names of the feature columns of a kind that have a value."""
        return [
            column.name
            for column in self.columns
            if column.kind == kind and column.ignored != "empty"
        ]


def describe(table: Table, group: str | None) -> Schema:
    """The schema of a table."""
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
            _column(str(name), values) for name, values in frame.items() if name not in special
        ),
        findings=table.findings,
    )


def _column(name: str, values: pd.Series) -> Column:
    missing, different = int(values.isna().sum()), values.nunique()
    ignored: Literal["empty", "constant"] | None = None
    if different == 0:
        ignored = "empty"
    elif different == 1 and missing == 0:
        ignored = "constant"
    return Column(
        name=name, kind=_kind(values), dtype=str(values.dtype), missing=missing, ignored=ignored
    )


def _kind(values: pd.Series) -> Literal["numeric", "boolean", "date", "category"]:
    if pd.api.types.is_bool_dtype(values):
        return "boolean"
    if pd.api.types.is_numeric_dtype(values):
        return "numeric"
    if pd.api.types.is_datetime64_any_dtype(values):
        return "date"
    return "category"
