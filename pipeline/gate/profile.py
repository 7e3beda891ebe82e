"""Profile the rows that a model is trained on, so that later rows can be compared with them."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict

# A profile keeps at most so many values of a numeric column, evenly spaced in order, and of all
# columns together.
COLUMN_VALUES = 2000
ALL_VALUES = 500_000
LEAST_VALUES = 50
DIGEST_BYTES = 8


class ColumnProfile(BaseModel):
    """A column: rows, gaps, and either sorted numbers or the count of each level."""

    model_config = ConfigDict(frozen=True)

    rows: int
    missing: int
    numbers: tuple[float, ...] | None = None
    levels: dict[str, int] | None = None


class TrainingProfile(BaseModel):
    """The training rows: a profile per column, rows per class, and digests of rows.

    classes: empty where the target is a number; target is its profile then.

    known: digests of the contents of all rows there were, of every role. fitted: digests of the
    identities, by which rows get their roles, of the rows that it was fitted on or stopped by.
    Both are 8-byte digests one after the other, in base64.
    """

    model_config = ConfigDict(frozen=True)

    columns: dict[str, ColumnProfile]
    classes: dict[str, int]
    known: str
    fitted: str
    target: ColumnProfile | None = None


def profile_rows(
    features: pd.DataFrame,
    labels: pd.Series,
    classes: Sequence[str],
    known: Sequence[str],
    fitted: Sequence[str],
) -> TrainingProfile:
    """Profile training rows; known, fitted: hex digests of what `TrainingProfile` keeps."""
    wide = max(1, features.shape[1])
    most = int(np.clip(ALL_VALUES // wide, LEAST_VALUES, COLUMN_VALUES))
    words = labels.astype(str)
    return TrainingProfile(
        columns={str(name): _profile(column, most) for name, column in features.items()},
        classes={label: int((words == label).sum()) for label in classes},
        known=_packed(known),
        fitted=_packed(fitted),
        target=None if classes else _profile(labels, COLUMN_VALUES),
    )


def unknown_rows(profile: TrainingProfile, identity: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Return (row,) whether a row came after the profile was made."""
    known = _unpacked(profile.known)
    return np.array([_short(digest) not in known for digest in identity], bool)


def fitted_before(
    then: TrainingProfile, now: TrainingProfile, identity: Sequence[str]
) -> npt.NDArray[np.bool_]:
    """Return (row,) whether the earlier model was fitted on a row and the present one was not.

    A row that a source gives twice, in two roles, was seen by both models and favours neither.
    """
    unfair = _unpacked(then.fitted) - _unpacked(now.fitted)
    return np.array([_short(digest) in unfair for digest in identity], bool)


def is_numeric(column: pd.Series) -> bool:
    """Say whether a column is compared as numbers and not as levels."""
    return bool(pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column))


def level_counts(column: pd.Series) -> dict[str, int]:
    """Count the rows of each level; gaps are left out."""
    counts: Mapping[str, int] = column.dropna().astype(str).value_counts().to_dict()
    return {level: int(counts[level]) for level in sorted(counts)}


def _profile(column: pd.Series, most: int) -> ColumnProfile:
    missing = int(column.isna().sum())
    if not is_numeric(column):
        return ColumnProfile(rows=len(column), missing=missing, levels=level_counts(column))
    values = np.sort(column.dropna().to_numpy(float))
    values = values[np.isfinite(values)]
    if len(values) > most:
        values = values[np.linspace(0, len(values) - 1, most).round().astype(int)]
    return ColumnProfile(rows=len(column), missing=missing, numbers=tuple(values.tolist()))


def _packed(digests: Sequence[str]) -> str:
    return b64encode(b"".join(sorted(_short(digest) for digest in set(digests)))).decode()


def _unpacked(text: str) -> set[bytes]:
    data = b64decode(text)
    return {data[at : at + DIGEST_BYTES] for at in range(0, len(data), DIGEST_BYTES)}


def _short(digest: str) -> bytes:
    return bytes.fromhex(digest[: 2 * DIGEST_BYTES])
