"""Decide whether a target is a class or a number, and say what tells so."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.config.errors import InputError
from pipeline.config.sections.data import DataParams
from pipeline.data.columns import Typed, type_columns
from pipeline.data.rows.cells import read_cells
from pipeline.tasks.task import TaskName

# So many different whole numbers may be classes.
MOST_CLASSES = 50
AS_NUMBER = "To predict it as a number, set data.task: regression."
SHOWN_LETTERS = 40


@dataclass(frozen=True, eq=False)
class TargetKind:
    """Says what a target is.

    line: what a person should know of the choice; None where it goes without saying. numbers: the
    target as numbers with its gaps, None for classes.
    """

    task: TaskName
    line: str | None
    numbers: Typed | None


def target_kind(values: pd.Series, texts: bool, data: DataParams, origin: str) -> TargetKind:
    """Return what the target is: what `data.task` says or, if that is auto, what its values show.

    Texts, booleans and few different whole numbers are classes; all other numbers are numbers.
    """
    if data.task == "classification":
        return TargetKind("classification", None, None)
    typed = type_columns(values.to_frame(), set(), texts, data, origin)[str(values.name)]
    read, present = typed.cells, typed.cells.dropna()
    is_number = pd.api.types.is_numeric_dtype(read) and not pd.api.types.is_bool_dtype(read)
    if data.task == "regression":
        if not is_number:
            raise InputError(_not_numbers(values, origin))
        return TargetKind("regression", None, typed)
    if not is_number or not len(present):
        return TargetKind("classification", None, None)
    name, count = str(values.name), int(present.nunique())
    whole = bool((np.asarray(present, float) % 1 == 0).all())
    if whole and count <= MOST_CLASSES:
        line = (
            f"target {name!r} has {count} different whole numbers, which are taken for classes; to"
            " predict it as a number, set data.task: regression"
        )
        return TargetKind("classification", line, None)
    what = f"{count} different numbers" if whole else "numbers with fractions"
    line = (
        f"target {name!r} has {what}, so it is predicted as a number (regression); to take each"
        " value for a class, set data.task: classification"
    )
    return TargetKind("regression", line, typed)


def _not_numbers(values: pd.Series, origin: str) -> str:
    _, odd = read_cells(values, "numeric", {})
    shown = repr(str(odd.iloc[0])[:SHOWN_LETTERS]) if len(odd) else "no number"
    count = f" in {len(odd)} rows" if len(odd) else ""
    return (
        f"{origin}: target {values.name!r} holds {shown}{count}, want numbers (data.task is"
        " regression). Set data.task: classification, or write numbers in those rows."
    )
