"""Raw rows as what a preparation takes: checked, and each date in parts.

A served model carries a copy of this file, so it stands alone: pandas and NumPy, nothing of this
project.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from numbers import Number
from typing import Any

import numpy as np
import pandas as pd

DAY_S = 86_400
SHOWN = 5
# Single precision ends at 3e38, and scaling takes squares and differences.
LARGEST = 1e30
DATE_PARTS = ("day", "month", "weekday", "hour")
# What a cell of JSON may hold, and no cell of a table.
NESTED = (list, tuple, dict, set, np.ndarray)
YES, NO = {"true", "1", "1.0"}, {"false", "0", "0.0"}


def plain_rows(rows: pd.DataFrame, columns: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Numbers and booleans as floats, categories as texts, a date as four floats; gaps are gaps.

    columns: as the schema lists them, each with name, kind and ignored. Rows may have them in any
    order, and those that are ignored need not be there. `ValueError` names a column that is
    missing, unknown, or of another type.
    """
    _check_names(rows.columns, columns)
    there = set(rows.columns)
    used = [c for c in columns if c["ignored"] != "empty" and c["name"] in there]
    plain: dict[str, pd.Series] = {}
    # Plain numbers by type and not by column: there may be thousands.
    alike: dict[Any, list[str]] = {}
    for column, dtype in zip(used, rows[[c["name"] for c in used]].dtypes, strict=True):
        name, kind = column["name"], column["kind"]
        if kind == "numeric" and isinstance(dtype, np.dtype) and dtype.kind in "iuf":
            alike.setdefault(dtype, []).append(name)
            continue
        values = rows[name]
        if kind == "category":
            plain[name] = _text(values)
        elif kind == "date":
            for part, numbers in zip(DATE_PARTS, _date_parts(_dates(values)), strict=True):
                plain[part_name(name, part)] = numbers
        else:
            plain[name] = _boolean(values) if kind == "boolean" else _number(values)
    numbers = [_numbers(rows[names]) for names in alike.values()]
    return pd.concat([*numbers, pd.DataFrame(plain, index=rows.index)], axis=1)


def part_name(name: str, part: str) -> str:
    """The name of a date's part."""
    return f"{name} ({part})"


def _check_names(names: Iterable[Any], columns: Sequence[Mapping[str, Any]]) -> None:
    given = list(names)
    there, known = set(given), {column["name"] for column in columns}
    missing = [c["name"] for c in columns if not c["ignored"] and c["name"] not in there]
    extra = [str(name) for name in given if name not in known]
    told = []
    if missing:
        told.append(f"missing columns: {_listed(missing)}. Add them, with nothing for a gap.")
    if extra:
        told.append(f"unknown columns: {_listed(extra)}. Leave them out.")
    if told:
        raise ValueError(" ".join(told))
    if len(there) < len(given):
        raise ValueError("a column is there twice, want each once.")


def _listed(names: Sequence[str]) -> str:
    text = ", ".join(map(repr, names[:SHOWN]))
    return text if len(names) <= SHOWN else f"{text} and {len(names) - SHOWN} more"


def _wrong(values: pd.Series, odd: pd.Series, wanted: str) -> ValueError:
    value = odd.iloc[0]
    shown = repr(value.item() if isinstance(value, np.generic) else value)[:60]
    return ValueError(f"column {values.name!r} holds {shown}, want {wanted}, or nothing for a gap.")


def _numbers(block: pd.DataFrame) -> pd.DataFrame:
    """Columns of one numeric type as floats."""
    kind = block.dtypes.iloc[0]
    # Small whole numbers, such as grey values, are exact in half the memory.
    small = kind.itemsize <= 2 or kind == np.float32
    floats = block.to_numpy(np.float32 if small else np.float64)
    wild = np.abs(floats) > LARGEST
    if wild.any():
        name = block.columns[wild.any(axis=0)][0]
        _finite(block[name], block[name])
    return pd.DataFrame(floats, index=block.index, columns=block.columns)


def _number(values: pd.Series) -> pd.Series:
    present = values[values.notna()]
    odd = present[[not isinstance(v, Number) or isinstance(v, bool) for v in present]]
    if len(odd):
        raise _wrong(values, odd, "a number")
    numbers = np.full(len(values), np.nan)
    numbers[values.notna()] = present.to_numpy(object).astype(np.float64)
    return _finite(values, pd.Series(numbers, values.index))


def _finite(values: pd.Series, numbers: pd.Series) -> pd.Series:
    odd = values[np.abs(numbers.to_numpy()) > LARGEST]
    if len(odd):
        raise _wrong(values, odd, f"a number within ±{LARGEST:g}")
    return numbers


def _boolean(values: pd.Series) -> pd.Series:
    words = values.astype(object).map(lambda value: str(value).lower(), na_action="ignore")
    odd = values[values.notna() & ~words.isin(YES | NO)]
    if len(odd):
        raise _wrong(values, odd, "true or false")
    numbers = np.where(words.isin(YES), 1.0, np.where(words.isin(NO), 0.0, np.nan))
    return pd.Series(numbers, values.index)


def _text(values: pd.Series) -> pd.Series:
    """Texts, and NaN for gaps, which is what scikit-learn looks for."""
    kind = values.dtype
    if pd.api.types.is_object_dtype(kind):
        nested = values[[isinstance(v, NESTED) for v in values]]
        if len(nested):
            raise _wrong(values, nested, "a text")
    if isinstance(kind, np.dtype) and kind.kind == "f" and values.dropna().mod(1).eq(0).all():
        # A column of codes that turned to floats because of a gap.
        words = values.map(lambda value: f"{value:.0f}", na_action="ignore")
    else:
        words = values.astype(object).map(str, na_action="ignore")
    return words.astype(object).where(values.notna(), np.nan)


def _dates(values: pd.Series) -> pd.Series:
    dates = values
    if not pd.api.types.is_datetime64_any_dtype(values):
        present = values[values.notna()]
        # Numbers could be years, days or seconds.
        words = values.astype(object).map(
            lambda v: None if isinstance(v, (int, float, *NESTED)) else v
        )
        dates = pd.to_datetime(words, format="ISO8601", errors="coerce", utc=True)
        odd = present[dates[values.notna()].isna()]
        if len(odd):
            raise _wrong(values, odd, "a date such as 2024-12-31")
    if getattr(dates.dtype, "tz", None) is not None:
        dates = dates.dt.tz_convert("UTC").dt.tz_localize(None)
    return dates


def _date_parts(dates: pd.Series) -> tuple[pd.Series, ...]:
    """Days since 1970, month, weekday (Monday is 0), hours since midnight; each as floats."""
    seconds = (dates - pd.Timestamp(0)) / pd.Timedelta(seconds=1)
    return (
        seconds / DAY_S,
        dates.dt.month.astype(np.float64),
        dates.dt.day_of_week.astype(np.float64),
        (seconds % DAY_S) / 3600,
    )
