"""A source's rows with the options of the parameters applied, and nothing learned from them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.config.errors import InputError, did_you_mean, one_line
from pipeline.config.sections.data import DataParams
from pipeline.config.sections.split import SplitParams
from pipeline.data.findings import Finding
from pipeline.data.sources.named import Raw

SHOWN_COLUMNS = 8
SHOWN_LETTERS = 40
YES = {"true", "yes", "t", "y", "1", "1.0"}
NO = {"false", "no", "f", "n", "0", "0.0"}


@dataclass(frozen=True, eq=False)
class Table:
    """Rows before anything is learned from them.

    frame: feature columns, the target as texts, and the columns of group and role, if any.
    classes: labels in class-number order; of two classes, the last is the positive one.
    """

    name: str
    description: str
    frame: pd.DataFrame
    target: str
    classes: tuple[str, ...]
    role: str | None = None
    findings: tuple[Finding, ...] = ()


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
    features = [name for name in frame.columns if name in kept and name not in left_out]
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
    changed: dict[str, pd.Series] = {}
    for name in frame.columns:
        before = frame[name]
        column = _with_gaps(before, data.missing)
        if name in data.types:
            column = _typed(column, data.types[name], origin)
        # Thousands of assignments would take minutes.
        if column is not before:
            changed[name] = column
    frame = frame.assign(**changed)
    labels, findings = _labels(frame[target], origin)
    frame = frame[labels.notna()].assign(**{target: labels}).reset_index(drop=True)
    classes = _classes(frame[target], data.positive, origin)
    notes = tuple(Finding(check="reading", column=None, message=note) for note in raw.notes)
    return Table(
        name=raw.name,
        description=raw.description,
        frame=frame,
        target=target,
        classes=classes,
        role=split.role,
        findings=(*notes, *findings),
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


def _is_text(column: pd.Series) -> bool:
    return isinstance(column.dtype, pd.StringDtype) or column.dtype == object


def _with_gaps(column: pd.Series, missing: Sequence[str]) -> pd.Series:
    if _is_text(column):
        marked = column.isin(list(missing))
    elif pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        marked = column.isin([number for text in missing if (number := _number(text)) is not None])
    else:
        return column
    return column.mask(marked) if marked.any() else column


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _typed(column: pd.Series, kind: str, origin: str) -> pd.Series:
    """The column as the type the user gave it."""
    if kind == "category":
        return as_text(column)
    if kind == "boolean":
        text = as_text(column).str.strip().str.lower()
        typed = pd.Series(pd.NA, column.index, dtype="boolean")
        typed[text.isin(YES)] = True
        typed[text.isin(NO)] = False
    elif kind == "number":
        typed = pd.to_numeric(column, errors="coerce")
        if pd.api.types.is_bool_dtype(typed):
            typed = typed.astype("Float64").astype(float)
    else:
        typed = _dates(column, kind.removeprefix("date").removeprefix(":"))
    odd = column[typed.isna() & column.notna()]
    if len(odd):
        raise InputError(
            f"{origin}: column {column.name!r} holds {str(odd.iloc[0])[:40]!r}, want {kind} as in"
            f" data.types ({len(odd)} such values). List them in data.missing, or change the type."
        )
    return typed


def _dates(column: pd.Series, written: str) -> pd.Series:
    if pd.api.types.is_numeric_dtype(column):
        column = as_text(column)
    try:
        return pd.to_datetime(
            column, format=written or "ISO8601", errors="coerce", utc=True
        ).dt.tz_localize(None)
    except ValueError:
        raise InputError(
            f"params.yaml: data.types gives {column.name!r} the date format {written!r}, want one"
            " of strftime's. Change it, e.g. date:%d.%m.%Y."
        ) from None


def as_text(column: pd.Series) -> pd.Series:
    """Values as people write them: whole numbers without a point, gaps as gaps."""
    present = column.dropna()
    if pd.api.types.is_bool_dtype(column.dtype):
        words = present.astype(bool).astype(str)
    elif pd.api.types.is_float_dtype(column.dtype) and (present % 1 == 0).all():
        words = present.map(lambda value: f"{value:.0f}")
    else:
        words = present.astype(str)
    return words.reindex(column.index).astype("str")


def _labels(column: pd.Series, origin: str) -> tuple[pd.Series, list[Finding]]:
    """The target as texts, and what is noteworthy of it."""
    labels = as_text(column)
    gaps = int(labels.isna().sum())
    if gaps == len(labels):
        raise InputError(
            f"{origin}: target {column.name!r} has no value in any row, want classes."
            " Look at data.target and data.missing."
        )
    if not gaps:
        return labels, []
    message = f"{gaps} rows have no value in it and were left out"
    return labels, [Finding(check="target missing", column=str(column.name), message=message)]


def _classes(labels: pd.Series, positive: str | None, origin: str) -> tuple[str, ...]:
    """The classes in order: numbers by value, texts by letters, the positive one last of two."""
    names = labels.unique().tolist()
    numbers = [_number(name) for name in names]
    if None not in numbers and np.isfinite(np.array(numbers, float)).all():
        names.sort(key=float)
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
