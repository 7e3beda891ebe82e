"""Assign each row a stable role (train, val or test), and each training row a fold.

A row's role is a function of its identity and the split's seed alone. So rows that arrive later
move no older row, equal rows share a role, and members of a group share one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.config.errors import InputError
from pipeline.config.sections.split import SplitParams
from pipeline.data.schema import Schema

Role = Literal["train", "val", "test"]
ROLES: tuple[Role, ...] = ("train", "val", "test")
IDENTITY_BYTES = 16
BLOCK_CELLS = 2**22


def identities(frame: pd.DataFrame, schema: Schema) -> npt.NDArray[np.str_]:
    """Return (row,) hex digests of the group if the schema names one, else of the row's features.

    The label is left out, so that a corrected label moves no row. Columns count by name, not by
    place, and numbers by value: an integer column that turns to floats because a later row has a
    gap keeps its digests.
    """
    if schema.group is not None:
        numeric, text = [], [schema.group]
    else:
        numeric = sorted(schema.numeric)
        text = sorted(n for kind in ("category", "boolean", "date") for n in schema.names_of(kind))
    words = [_words(frame[name]) for name in text]
    digests = []
    step = max(1, BLOCK_CELLS // max(1, len(numeric)))
    for start in range(0, len(frame), step):
        block = frame[numeric].iloc[start : start + step]
        # Adding 0.0 turns -0.0 into 0.0.
        numbers = block.to_numpy(np.float64, na_value=np.nan) + 0.0
        numbers[np.isnan(numbers)] = np.nan
        digests += [
            blake2b(
                row.tobytes() + "\x1f".join(column[number] for column in words).encode(),
                digest_size=IDENTITY_BYTES,
            ).hexdigest()
            for number, row in enumerate(np.ascontiguousarray(numbers, dtype="<f8"), start)
        ]
    return np.array(digests, dtype=f"<U{2 * IDENTITY_BYTES}")


def assign_roles(identity: npt.NDArray[np.str_], split: SplitParams) -> npt.NDArray[np.str_]:
    """Return (row,) roles, drawn with the split's shares from a hash of seed and identity."""
    share = np.array([_uniform(split.seed, digest) for digest in identity])
    bounds = [split.train, split.train + split.val]
    return np.array(ROLES)[np.searchsorted(bounds, share, side="right")]


def given_roles(
    column: pd.Series, identity: npt.NDArray[np.str_], split: SplitParams
) -> npt.NDArray[np.str_]:
    """Return (row,) roles as the source gives them; without val, val is drawn from train."""
    role = np.asarray(column.astype("str").str.strip().str.lower().fillna(""), np.str_)
    odd = sorted({str(name) for name in role} - {*ROLES})
    if odd:
        raise InputError(
            f"params.yaml: split.role names column {column.name!r}, which holds {odd[0]!r}, want"
            " train, val or test in each row. Mend the column, or set split.role to null."
        )
    if "val" in role:
        return role
    without_test = split.train + split.val
    shares = split.model_copy(update={"train": split.train / without_test, "val": 1.0, "test": 0.0})
    return np.where(role == "test", role, assign_roles(identity, shares))


def chosen_rows(
    role: npt.NDArray[np.str_], identity: npt.NDArray[np.str_], split: SplitParams
) -> npt.NDArray[np.bool_]:
    """Return (row,) whether a row is used: all of test, and at most `split.rows` of the others.

    Their identities decide which, so a larger number only adds rows.
    """
    chosen = np.ones(len(role), bool)
    others = np.flatnonzero(role != "test")
    if split.rows is not None and len(others) > split.rows:
        draw = np.array([_uniform(split.seed, f"rows:{identity[row]}") for row in others])
        chosen[others[np.argsort(draw, kind="stable")[split.rows :]]] = False
    return chosen


def assign_folds(
    labels: npt.NDArray[np.str_], identity: npt.NDArray[np.str_], split: SplitParams
) -> npt.NDArray[np.int32]:
    """Return (row,) fold numbers, stratified by label; equal rows and groups stay together.

    `InputError` if there are fewer different rows, or groups, than folds.
    """
    # Only here: it takes most of a second, and stages that read rows deal no folds.
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    different = len(np.unique(identity))
    if different < split.folds:
        raise InputError(
            f"split: {different} different rows or groups for {split.folds} folds, want at least"
            f" one for each, as equal rows and groups stay together. Lower the number of folds to"
            f" {max(different, 2)}, or add columns that tell rows apart."
        )
    repeated = different < len(identity)
    kind = StratifiedGroupKFold if repeated else StratifiedKFold
    splitter = kind(split.folds, shuffle=True, random_state=split.seed)
    groups = identity if repeated else None
    folds = np.empty(len(labels), np.int32)
    for number, (_, held_out) in enumerate(splitter.split(labels, labels, groups)):
        folds[held_out] = number
    return folds


def check_roles(counts: dict[Role, dict[str, int]], split: SplitParams) -> None:
    """Raise `InputError` if a role lacks a class, or train has fewer of one than folds.

    counts: rows by class; by '' where there are no classes.
    """
    for role, rows in counts.items():
        for label, count in rows.items():
            if count == 0:
                raise InputError(
                    f"split: {role} has no row{_of_class(label)}, want at least one."
                    f" Raise split.{role}, try another split.seed, or add rows{_like(label)}."
                )
    for label, count in counts["train"].items():
        if count < split.folds:
            raise InputError(
                f"split: train has {count} rows{_of_class(label)}, want at least"
                f" split.folds = {split.folds}. Lower split.folds to {max(count, 2)},"
                f" or add rows{_like(label)}."
            )


def _of_class(label: str) -> str:
    return f" of class {label!r}" if label else ""


def _like(label: str) -> str:
    return " of that class" if label else ""


def check_folds(counts: Sequence[dict[str, int]], schema: Schema) -> None:
    """Raise `InputError` if a fold lacks a class, as when a group holds most rows of one."""
    for number, rows in enumerate(counts):
        for label, count in rows.items():
            if count == 0:
                why = f" Groups ({schema.group}) cannot be cut" if schema.group else " Rows are few"
                raise InputError(
                    f"split: fold {number} has no row{_of_class(label)}, want at least one."
                    f"{why}: lower split.folds, or try another split.seed."
                )


def role_basis(schema: Schema, split: SplitParams) -> dict[str, object]:
    """Return everything that decides a row's role; rows keep theirs while it stays the same."""
    by_content = schema.group is None
    return {
        "split.train": split.train,
        "split.val": split.val,
        "split.test": split.test,
        "split.seed": split.seed,
        "split.group": schema.group,
        "split.role": schema.role,
        **{
            f"{kind} columns": sorted(schema.names_of(kind)) if by_content else []
            for kind in ("numeric", "category", "boolean", "date")
        },
    }


def changed_basis(today: Mapping[str, object], then: Mapping[str, object]) -> list[str]:
    """Return what has changed in a basis, in words."""
    return [
        name if isinstance(value, list) else f"{name} is {value}, was {then.get(name)}"
        for name, value in today.items()
        if then.get(name) != value
    ]


def _words(column: pd.Series) -> list[str]:
    """Return texts that differ where values differ; a gap differs from every text."""
    missing = column.isna().to_numpy()
    return ["\x00" if gap else f"={value}" for gap, value in zip(missing, column, strict=True)]


def _uniform(seed: int, identity: str) -> float:
    digest = blake2b(f"{seed}:{identity}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
