"""Raw rows of a model: what is taken, and what is told."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from pipeline.data import rows as raw
from pipeline.data.rows import plain_rows

COLUMNS = [
    {"name": name, "kind": kind, "ignored": None}
    for name, kind in (("n", "numeric"), ("b", "boolean"), ("d", "date"), ("c", "category"))
] + [{"name": "old", "kind": "numeric", "ignored": "constant"}]
ROW: dict[str, Any] = {"n": 1.5, "b": True, "d": "2024-03-05T12:00:00", "c": "red"}


def rows(**changes: Any) -> pd.DataFrame:
    return pd.DataFrame([ROW | changes])


@pytest.mark.parametrize("number", [2**30 + 1, 2**40 + 1, 16_777_217.0, 0.1])
def test_numbers_keep_double_precision(number: float) -> None:
    table = pd.DataFrame([ROW | {"n": number}] * 2)
    assert plain_rows(table, COLUMNS)["n"].tolist() == [number] * 2


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, [1.5, 1, 19787.5, 3, 1, 12, "red"]),
        ({"n": "7"}, [7, 1, 19787.5, 3, 1, 12, "red"]),
        ({"n": 7}, [7, 1, 19787.5, 3, 1, 12, "red"]),
        ({"n": np.uint8(7)}, [7, 1, 19787.5, 3, 1, 12, "red"]),
        ({"b": "False"}, [1.5, 0, 19787.5, 3, 1, 12, "red"]),
        ({"b": 0}, [1.5, 0, 19787.5, 3, 1, 12, "red"]),
        ({"d": pd.Timestamp("1970-01-02")}, [1.5, 1, 1, 1, 4, 0, "red"]),
        ({"d": "2024-03-05T12:00:00+01:00"}, [1.5, 1, 19787 + 11 / 24, 3, 1, 11, "red"]),
        ({"c": 12}, [1.5, 1, 19787.5, 3, 1, 12, "12"]),
        ({"c": 12.0}, [1.5, 1, 19787.5, 3, 1, 12, "12"]),
    ],
)
def test_a_row_is_taken_however_it_comes(changes: dict[str, Any], expected: list) -> None:
    plain = plain_rows(rows(**changes), COLUMNS)
    assert [*map(float, plain.iloc[0, :-1])] == pytest.approx(expected[:-1])
    assert plain.iloc[0, -1] == expected[-1]


def test_gaps_of_every_kind_are_gaps() -> None:
    for gap in (None, np.nan, pd.NA, pd.NaT):
        plain = plain_rows(pd.DataFrame({name: [gap] for name in ROW}), COLUMNS)
        assert plain.isna().all(axis=None)


def test_order_does_not_matter_and_ignored_columns_may_come_or_not() -> None:
    straight = plain_rows(rows(), COLUMNS)
    turned = plain_rows(rows(old=5).iloc[:, ::-1], COLUMNS)
    pd.testing.assert_frame_equal(turned[straight.columns], straight)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n": "seven"}, "column 'n' holds 'seven', want a number, or nothing for a gap."),
        ({"n": "7,5"}, "column 'n' holds '7,5', want a number"),
        ({"n": True}, "column 'n' holds"),
        ({"n": float("inf")}, "column 'n' holds inf, want a number within ±1e+30"),
        ({"b": "perhaps"}, "column 'b' holds 'perhaps', want true or false"),
        ({"b": 2}, "column 'b' holds"),
        ({"d": "5.3.2024"}, "column 'd' holds '5.3.2024', want a date such as 2024-12-31"),
        ({"d": 20240305}, "column 'd' holds"),
        ({"c": ["red"]}, "column 'c' holds ['red'], want a text"),
        ({"d": {"day": 1}}, "column 'd' holds {'day': 1}, want a date"),
        ({"n": [1.5]}, "column 'n' holds [1.5], want a number"),
        ({"b": [True]}, "column 'b' holds [True], want true or false"),
        ({"extra": 1}, "unknown columns: 'extra'. Leave them out."),
    ],
)
def test_what_is_no_value_of_a_column_is_told(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=r"want|unknown") as caught:
        plain_rows(rows(**changes), COLUMNS)
    assert str(caught.value).startswith(message)


def test_rows_count_by_place_not_by_index() -> None:
    two = pd.concat([rows(n=None, b=None), rows(n=2, b=False)])
    assert two.index.tolist() == [0, 0]
    plain = plain_rows(two, COLUMNS)
    assert plain["n"].tolist()[1] == 2
    assert plain["n"].isna().tolist() == plain["b"].isna().tolist() == [True, False]


def test_missing_columns_are_told() -> None:
    with pytest.raises(ValueError, match=r"missing columns: 'n', 'd'\. .* unknown columns: 'N'\."):
        plain_rows(rows().assign(N=1)[["b", "c", "N"]], COLUMNS)


def test_the_folder_stands_alone() -> None:
    """A model takes it along to where this project is not."""
    imported = set()
    for file in Path(raw.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and not node.level:
                imported.add((node.module or "").split(".")[0])
            elif isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
    assert imported <= {*sys.stdlib_module_names, "__future__", "numpy", "pandas"}


FAR = ["9999-12-31T23:00:00", "0001-01-01T00:00:00", "2024-03-05T12:00:00"]


@pytest.mark.parametrize(
    ("column", "kinds"),
    [
        ("n", ["Int64", "Float32", "int64[pyarrow]", "double[pyarrow]", "object", "category"]),
        ("b", ["boolean", "bool[pyarrow]", "object", "category"]),
        ("c", ["string", "str", "category", "object", pd.ArrowDtype(pa.large_string())]),
        ("d", ["datetime64[s]", "datetime64[us]", "datetime64[us, Europe/Berlin]", "object",
               "category", pd.ArrowDtype(pa.timestamp("s")),
               pd.ArrowDtype(pa.timestamp("us", "Europe/Berlin")),
               pd.ArrowDtype(pa.timestamp("ms", "+05:00")), pd.ArrowDtype(pa.string())]),
    ],
)  # fmt: skip
def test_every_type_of_pandas_and_arrow_is_read_alike(column: str, kinds: list[Any]) -> None:
    given = {"n": [1, None, 3], "b": [True, None, False], "c": ["red", None, "blue"]}
    cells = given.get(column, [*map(pd.Timestamp, FAR[:2]), None])
    one = [kind for kind in COLUMNS if kind["name"] == column]
    plain = [
        plain_rows(pd.DataFrame({column: pd.Series(cells, dtype=kind)}), one).to_numpy().tolist()
        for kind in kinds
        if "Berlin" not in str(kind) and "+05" not in str(kind)
    ]
    assert all(repr(rows) == repr(plain[0]) for rows in plain)
    if column == "d":
        zoned = pd.Series(cells).dt.tz_localize("UTC")
        for kind in kinds:
            if "Berlin" in str(kind) or "+05" in str(kind):
                rows_ = plain_rows(pd.DataFrame({column: zoned.astype(kind)}), one)
                assert repr(rows_.to_numpy().tolist()) == repr(plain[0])


def test_dates_beyond_nanoseconds_are_dates_in_a_request() -> None:
    plain = plain_rows(pd.concat([rows(d=text) for text in FAR]), COLUMNS)
    assert plain["d (day)"].round(3).tolist() == [2932896.958, -719162, 19787.5]
    assert plain["d (hour)"].tolist() == [23, 0, 12]
