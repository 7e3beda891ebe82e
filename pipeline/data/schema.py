"""What is known of a table: its columns, its classes, and which class is positive."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from pipeline.data.findings import Finding

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
