"""The schema of a table: its columns, its classes, and which class is positive."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from pipeline.data.findings import Finding
from pipeline.tasks.known import task_of
from pipeline.tasks.task import Task

FOLD_COLUMN = "fold"
ColumnKind = Literal["numeric", "boolean", "date", "category"]


class Written(BaseModel):
    """Says how a column's cells are written, so that a model reads them exactly as `fetch` did.

    missing: texts that stand for a gap. decimal, thousands: the marks within numbers. unit: a text
    beside each number, such as '%'. date: the format of dates; None if they are plain ISO 8601.
    booleans: whether true and false count as the numbers 1 and 0.
    """

    model_config = ConfigDict(frozen=True)

    missing: tuple[str, ...] = ("",)
    decimal: Literal[".", ","] = "."
    thousands: str | None = None
    unit: str | None = None
    date: str | None = None
    booleans: bool = False


class Column(BaseModel):
    """One raw feature column.

    ignored: why it carries no information, or None; no preparation uses it, and requests to a model
    may leave it out.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    kind: ColumnKind
    dtype: str
    missing: int
    ignored: Literal["empty", "constant"] | None = None
    written: Written = Written()


class Schema(BaseModel):
    """A table's description, written by `fetch` and read by all later stages.

    classes: labels in class-number order; empty where a number is predicted. positive: the class
    that ROC, PR and predictions are about, the last of two; None for more than two.
    group, role: the columns that name the group a row belongs to, and its role; no features.
    findings: what the user should know about the table.
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
    def task(self) -> Task:
        """Return what is predicted, and how it is judged."""
        return task_of(self.classes)

    @property
    def features(self) -> list[str]:
        """Return the names of the raw feature columns, in the source's order."""
        return [column.name for column in self.columns]

    @property
    def numeric(self) -> list[str]:
        """Return the names of the numeric feature columns."""
        return self.names_of("numeric")

    @property
    def category(self) -> list[str]:
        """Return the names of the feature columns that hold categories."""
        return self.names_of("category")

    def names_of(self, kind: str) -> list[str]:
        """Return the names of the feature columns of a kind that have a value."""
        return [
            column.name
            for column in self.columns
            if column.kind == kind and column.ignored != "empty"
        ]
