"""Apply the parameters to a source's rows, without learning anything from them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from pipeline.config.errors import InputError, did_you_mean, one_line
from pipeline.config.sections.data import DataParams
from pipeline.config.sections.split import SplitParams
from pipeline.data.columns import as_text, mark_gaps, type_columns
from pipeline.data.findings import Finding
from pipeline.data.rows.cells import number_in, read_cells
from pipeline.data.schema import Written
from pipeline.data.sources.raw import Raw
from pipeline.data.target_kind import target_kind

SHOWN_COLUMNS = 8
SHOWN_LETTERS = 40
# What pandas calls an index without a name, in Parquet and in CSV.
INDEX_NAME = re.compile(r"__index_level_\d+__|Unnamed: 0(\.\d+)?")
# The first column of a CSV whose header begins with a delimiter.
UNNAMED = "column 1"


@dataclass(frozen=True, eq=False)
class Table:
    """Rows before anything is learned from them.

    frame: feature columns, the target as texts or numbers, and the columns of group and role, if
    any. classes: labels in class-number order; of two classes, the last is the positive one; none
    where the target is a number. task_line: why the target is taken for what it is, if that is to
    be told.
    written: how the cells of a feature are written, where that is known.
    declared: features whose type the user named.
    """

    name: str
    description: str
    frame: pd.DataFrame
    target: str
    classes: tuple[str, ...]
    role: str | None = None
    findings: tuple[Finding, ...] = ()
    written: Mapping[str, Written] = field(default_factory=dict)
    declared: frozenset[str] = frozenset()
    task_line: str | None = None


def shape_table(raw: Raw, data: DataParams, split: SplitParams) -> Table:
    """Pick the columns, mark the gaps, give columns their types, and name the classes."""
    frame, origin = raw.frame, raw.name
    target = data.target or raw.target
    if target is None:
        raise InputError(
            "params.yaml: data.target is null, want the column to predict."
            f" Columns: {_listed(frame.columns)}."
        )
    _check_columns(origin, frame, [target], "data.target")
    _check_columns(origin, frame, [split.group] if split.group else [], "split.group")
    _check_columns(origin, frame, [split.role] if split.role else [], "split.role")
    _check_columns(origin, frame, data.drop, "data.drop")
    _check_columns(origin, frame, data.keep or (), "data.keep")
    _check_columns(origin, frame, data.types, "data.types")
    special = [name for name in (target, split.group, split.role) if name is not None]
    left_out = {*data.drop, *special, raw.role}
    kept = set(frame.columns if data.keep is None else data.keep)
    named = {*(data.keep or ()), *data.types, *left_out}
    indices = [str(name) for name in frame.columns if name not in named and is_index(frame[name])]
    features = [
        name
        for name in frame.columns
        if name in kept and name not in left_out and name not in indices
    ]
    if len(set(special)) < len(special) or set(special) & set(data.drop):
        raise InputError(
            f"params.yaml: target, group, role and drop name a column twice ({', '.join(special)};"
            f" drop: {', '.join(data.drop) or 'none'}), want each to have one use. Remove one."
        )
    if not features:
        raise InputError(
            f"{origin}: no column is left to predict {target!r} from, want at least one."
            " Look at data.keep, data.drop and data.csv.delimiter."
        )
    frame = frame[[*features, *special]]
    if len(frame) == 0:
        raise InputError(f"{origin}: a header without rows, want rows. Export it again.")
    # First of all, because what stands beside no target, such as a total, is no value of a column.
    labelled = mark_gaps(frame[target], data.missing).notna()
    unlabelled = int((~labelled).sum())
    if 0 < unlabelled < len(frame):
        frame = frame[labelled].reset_index(drop=True)
    kind = target_kind(frame[target], raw.texts, data, origin)
    typed = type_columns(frame, set(special), raw.texts, data, origin)
    # In one piece: thousands of columns assigned one by one leave a frame in as many.
    frame = pd.DataFrame(
        {name: typed[name].cells if name in typed else frame[name] for name in frame.columns}
    )
    number = kind.numbers
    values = as_text(frame[target]) if number is None else number.cells.astype(np.float64)
    findings = _target_findings(values.rename(target), unlabelled, origin)
    frame = frame[values.notna()].assign(**{target: values}).reset_index(drop=True)
    if number is None:
        classes = _classes(frame[target], data.positive, origin)
    else:
        classes = _no_classes(data.positive, target)
        findings = [*number.findings, *findings]
    notes = tuple(Finding(check="reading", column=None, message=note) for note in raw.notes)
    return Table(
        name=raw.name,
        description=raw.description,
        frame=frame,
        target=target,
        classes=classes,
        role=split.role,
        findings=(
            *notes,
            *map(_index_note, indices),
            *(f for name in features for f in typed[name].findings),
            *findings,
        ),
        written={name: typed[name].written for name in features},
        declared=frozenset(name for name in features if name in data.types),
        task_line=kind.line,
    )


def _check_columns(origin: str, frame: pd.DataFrame, names: Iterable[str], key: str) -> None:
    for name in names:
        if name not in frame.columns:
            hint = did_you_mean(name, frame.columns)
            raise InputError(
                f"params.yaml: {key} is {name!r}, want a column of {origin}"
                f" ({_listed(frame.columns)}).{hint or ' Change it to one of them.'}"
            )


def _listed(names: Sequence[str]) -> str:
    text = ", ".join(one_line(str(name))[:SHOWN_LETTERS] for name in names[:SHOWN_COLUMNS])
    return f"{text}, …" if len(names) > SHOWN_COLUMNS else text


def is_index(column: pd.Series) -> bool:
    """Tell whether a column is an index that a program wrote beside the table's own columns."""
    if INDEX_NAME.fullmatch(str(column.name)):
        return True
    if column.name != UNNAMED:
        return False
    if not column.is_unique or column.isna().any():
        return False
    numbers, odd = read_cells(column, "numeric", {})
    # Rows that were shuffled or left out leave gaps between whole numbers; texts are rows' names.
    return len(odd) == len(column) or (not len(odd) and bool((numbers % 1 == 0).all()))


def _index_note(name: str) -> Finding:
    message = (
        "looks like the index that a program wrote with the table, and was left out; to use it,"
        " give its type in data.types"
    )
    return Finding(check="index", column=name, message=message)


def _target_findings(values: pd.Series, unlabelled: int, origin: str) -> list[Finding]:
    """Return the findings on the target; `InputError` if it has no value.

    unlabelled: rows without a target that are left out already.
    """
    gaps = int(values.isna().sum())
    if gaps == len(values):
        raise InputError(
            f"{origin}: target {values.name!r} has no value in any row, want classes or numbers."
            " Look at data.target and data.missing."
        )
    if not gaps + unlabelled:
        return []
    message = f"{gaps + unlabelled} rows have no value in it and were left out"
    return [Finding(check="target missing", column=str(values.name), message=message)]


def _no_classes(positive: str | None, target: str) -> tuple[str, ...]:
    """Return that a number has no classes; `InputError` if one of them is said to be positive."""
    if positive is not None:
        raise InputError(
            f"params.yaml: data.positive is {positive!r}, but the target {target!r} is a number,"
            " want null. Set data.positive to null, or data.task to classification."
        )
    return ()


def _classes(labels: pd.Series, positive: str | None, origin: str) -> tuple[str, ...]:
    """Return the classes in order: numbers by value, texts by letters; a positive one is last."""
    names = labels.unique().tolist()
    numbers = [number_in(name, {}) for name in names]
    if None not in numbers and np.isfinite(np.array(numbers, float)).all():
        names.sort(key=lambda name: number_in(name, {}))
    else:
        names.sort()
    if positive is None:
        return tuple(names)
    if len(names) != 2 or positive not in names:
        raise InputError(
            f"params.yaml: data.positive is {positive!r}, want one of two classes; {origin} has"
            f" {_listed(names)}. Change it, or set it to null."
        )
    return (next(name for name in names if name != positive), positive)
