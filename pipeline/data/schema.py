"""What is known of a table: its columns, its classes, and which class is positive."""

from __future__ import annotations

from typing import Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict

from pipeline.data.sources import Table
from pipeline.errors import InputError, did_you_mean

FOLD_COLUMN = "fold"


class Column(BaseModel):
    """One raw feature column."""

    model_config = ConfigDict(frozen=True)

    name: str
    kind: Literal["numeric", "category"]
    dtype: str
    missing: int


class Schema(BaseModel):
    """A table's description, written by `fetch` and read by all later stages.

    classes: labels in class-number order. positive: the class that ROC, PR and predictions are
    about, the last of two; None for more than two.
    group: the column that names the group a row belongs to; it is no feature.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    description: str
    rows: int
    target: str
    classes: tuple[str, ...]
    positive: str | None
    group: str | None
    columns: tuple[Column, ...]

    @property
    def features(self) -> list[str]:
        """Names of the raw feature columns, in the source's order."""
        return [column.name for column in self.columns]

    @property
    def numeric(self) -> list[str]:
        """Names of the numeric feature columns."""
        return [column.name for column in self.columns if column.kind == "numeric"]

    @property
    def category(self) -> list[str]:
        """Names of the feature columns that hold categories."""
        return [column.name for column in self.columns if column.kind == "category"]


def describe(table: Table, group: str | None) -> Schema:
    """The schema of a table; `InputError` if a column it needs is absent."""
    frame = table.frame
    if group is not None and group not in frame.columns:
        hint = did_you_mean(group, frame.columns)
        raise InputError(
            f"params.yaml: split.group is {group!r}, want a column of {table.name}"
            f" ({', '.join(map(str, frame.columns[:8]))}, …) or null.{hint}"
        )
    if FOLD_COLUMN in frame.columns:
        raise InputError(
            f"{table.name}: column {FOLD_COLUMN!r} clashes with the one that holds the folds,"
            " want another name. Rename it in the source."
        )
    features = frame.drop(columns=[table.target, *([group] if group else [])])
    return Schema(
        name=table.name,
        description=table.description,
        rows=len(frame),
        target=table.target,
        classes=table.classes,
        positive=table.classes[-1] if len(table.classes) == 2 else None,
        group=group,
        columns=tuple(
            Column(
                name=str(name),
                kind="numeric" if pd.api.types.is_numeric_dtype(column) else "category",
                dtype=str(column.dtype),
                missing=int(column.isna().sum()),
            )
            for name, column in features.items()
        ),
    )
