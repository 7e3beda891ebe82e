"""Turn raw rows into what a preparation takes: checked, read, and each date in its parts.

A served model carries a copy of this folder, so it stands alone: pandas and NumPy, nothing of this
project, and relative imports.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from .cells import WrittenMapping, number_markers, read_cells
from .matrix import prepared_matrix

__all__ = ["DATE_PARTS", "part_name", "plain_rows", "prepared_matrix"]

DAY_S = 86_400
SHOWN = 5
# Single precision ends at 3e38, and scaling takes squares and differences.
LARGEST = 1e30
DATE_PARTS = ("day", "month", "weekday", "hour")


def plain_rows(rows: pd.DataFrame, columns: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return numbers and booleans as floats, categories as texts, a date as four floats.

    columns: as the schema lists them, each with name, kind, ignored, and how its cells are written.
    Rows may have them in any order, and those that are ignored need not be there. Gaps stay gaps.
    `ValueError` names a column that is missing, unknown, or holds what is no value of it.
    """
    _check_names(rows.columns, columns)
    there = set(rows.columns)
    used = [c for c in columns if c["ignored"] != "empty" and c["name"] in there]
    plain: dict[str, pd.Series] = {}
    # Plain numbers by type and not by column: there may be thousands.
    alike: dict[Any, list[str]] = {}
    for column, dtype in zip(used, rows[[c["name"] for c in used]].dtypes, strict=True):
        name, kind, written = column["name"], column["kind"], column.get("written") or {}
        if kind == "numeric" and isinstance(dtype, np.dtype) and dtype.kind in "iuf":
            alike.setdefault((dtype, tuple(number_markers(written))), []).append(name)
            continue
        values, odd = read_cells(rows[name], kind, written)
        if len(odd):
            raise _wrong(odd, _wanted(kind, written))
        if kind == "date":
            for part, numbers in zip(DATE_PARTS, _date_parts(values), strict=True):
                plain[part_name(name, part)] = numbers
        elif kind == "category":
            # NaN is the gap that scikit-learn looks for.
            plain[name] = values.astype(object).where(values.notna(), np.nan)
        else:
            plain[name] = _finite(rows[name], values)
    blocks = [_numbers(rows[names], markers) for (_, markers), names in alike.items()]
    return pd.concat([*blocks, pd.DataFrame(plain, index=rows.index)], axis=1)


def part_name(name: str, part: str) -> str:
    """Return the name of a date's part."""
    return f"{name} ({part})"


def _date_parts(dates: pd.Series) -> tuple[pd.Series, ...]:
    """Return days since 1970, month, weekday (Monday is 0) and hours since midnight, as floats."""
    # Nanoseconds end in 2262; microseconds reach the years 1 and 9999.
    seconds = (dates.dt.as_unit("us") - pd.Timestamp(0).as_unit("us")) / pd.Timedelta(seconds=1)
    return (
        seconds / DAY_S,
        dates.dt.month.astype(np.float64),
        dates.dt.day_of_week.astype(np.float64),
        (seconds % DAY_S) / 3600,
    )


def _numbers(block: pd.DataFrame, markers: Sequence[float]) -> pd.DataFrame:
    """Return columns of one numeric type as floats."""
    kind = block.dtypes.iloc[0]
    # Small whole numbers, such as grey values, are exact in half the memory.
    small = kind.itemsize <= 2 or kind == np.float32
    floats = block.to_numpy(np.float32 if small else np.float64)
    if markers:
        floats = np.where(np.isin(floats, np.array(markers, floats.dtype)), np.nan, floats)
    wild = np.abs(floats) > LARGEST
    if wild.any():
        name = block.columns[wild.any(axis=0)][0]
        _finite(block[name], block[name])
    return pd.DataFrame(floats, index=block.index, columns=block.columns)


def _finite(values: pd.Series, numbers: pd.Series) -> pd.Series:
    odd = values[np.abs(numbers.to_numpy()) > LARGEST]
    if len(odd):
        raise _wrong(odd, f"a number within ±{LARGEST:g}")
    return numbers


def _check_names(names: Iterable[Any], columns: Sequence[Mapping[str, Any]]) -> None:
    given = list(names)
    there, known = set(given), {column["name"] for column in columns}
    missing = [c["name"] for c in columns if not c["ignored"] and c["name"] not in there]
    extra = [str(name) for name in given if name not in known]
    faults = []
    if missing:
        faults.append(f"missing columns: {_listed(missing)}. Add them, with nothing for a gap.")
    if extra:
        faults.append(f"unknown columns: {_listed(extra)}. Leave them out.")
    if faults:
        raise ValueError(" ".join(faults))
    if len(there) < len(given):
        raise ValueError("a column is there twice, want each once.")


def _listed(names: Sequence[str]) -> str:
    text = ", ".join(map(repr, names[:SHOWN]))
    return text if len(names) <= SHOWN else f"{text} and {len(names) - SHOWN} more"


def _wanted(kind: str, written: WrittenMapping) -> str:
    if kind == "numeric":
        comma = written.get("decimal") == ","
        return "a number such as 1,5" if comma else "a number"
    date = written.get("date")
    as_written = f" or {pd.Timestamp('2024-12-31').strftime(date)}" if date and "%" in date else ""
    return {
        "boolean": "true or false",
        "date": f"a date such as 2024-12-31{as_written}",
        "category": "a text",
    }[kind]


def _wrong(odd: pd.Series, wanted: str) -> ValueError:
    value = odd.iloc[0]
    shown = repr(value.item() if isinstance(value, np.generic) else value)[:60]
    return ValueError(f"column {odd.name!r} holds {shown}, want {wanted}, or nothing for a gap.")
