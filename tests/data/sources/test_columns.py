"""Columns of every type that a file can have: read, left out, or named."""

from __future__ import annotations

import datetime as dt
import decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from pipeline.config.errors import InputError
from pipeline.data.checks import check_table
from pipeline.data.description import describe
from tests.data.conftest import Load

ROWS = 30
UNWANTED: dict[str, pa.DataType] = {
    "lists": pa.list_(pa.int64()),
    "structures": pa.struct([("a", pa.int64())]),
    "mappings": pa.map_(pa.string(), pa.int64()),
    "bytes": pa.binary(),
    "durations": pa.duration("ns"),
}
VALUES: dict[str, Any] = {
    "lists": [1, 2],
    "structures": {"a": 1},
    "mappings": [("a", 1)],
    "bytes": b"\xff\xfe",
    "durations": dt.timedelta(days=1),
}


def write(path: Path, **columns: Any) -> None:
    y = pa.array(np.resize(["a", "b"], ROWS).tolist())
    noise = pa.array((np.arange(ROWS) * 7 % 11).tolist())
    pq.write_table(pa.table({"noise": noise, **columns, "y": y}), path)


@pytest.mark.parametrize("name", UNWANTED)
@pytest.mark.parametrize("choice", [{"drop": ["x"]}, {"keep": ["noise"]}])
def test_a_column_that_is_left_out_may_hold_anything(
    load: Load, tmp_path: Path, name: str, choice: dict[str, Any]
) -> None:
    write(tmp_path / "t.parquet", x=pa.array([VALUES[name]] * ROWS, UNWANTED[name]))
    table = load(tmp_path / "t.parquet", target="y", **choice)
    assert list(table.frame) == ["noise", "y"]


@pytest.mark.parametrize("name", UNWANTED)
def test_a_column_that_is_used_says_what_it_holds(load: Load, tmp_path: Path, name: str) -> None:
    write(tmp_path / "t.parquet", x=pa.array([VALUES[name]] * ROWS, UNWANTED[name]))
    with pytest.raises(InputError, match=r"column 'x' holds .*Leave it out \(data\.drop\)"):
        load(tmp_path / "t.parquet", target="y")


@pytest.mark.parametrize(
    "kind", [pa.binary(), pa.large_binary(), pa.binary(5), pa.dictionary(pa.int8(), pa.binary())]
)
def test_text_in_binary_columns_is_text(load: Load, tmp_path: Path, kind: pa.DataType) -> None:
    words = np.resize(["Köln", "Ulm! ", "Rome!"], ROWS).tolist()
    encoded = pa.array([word.encode() for word in words], pa.binary())
    write(tmp_path / "t.parquet", x=encoded.cast(kind) if kind != pa.binary(5) else pa.array(
        [word.encode() for word in words], pa.binary(5)))  # fmt: skip
    assert load(tmp_path / "t.parquet", target="y").frame["x"].tolist() == words


@pytest.mark.parametrize(
    ("kind", "first"),
    [
        (pa.timestamp("s", "UTC"), dt.datetime(2024, 3, 5, 12, tzinfo=dt.UTC)),
        (pa.timestamp("ns", "Europe/Berlin"), dt.datetime(2024, 3, 5, 12, tzinfo=dt.UTC)),
        (pa.timestamp("us", "+05:00"), dt.datetime(2024, 3, 5, 12, tzinfo=dt.UTC)),
        (pa.timestamp("ms"), dt.datetime(2024, 3, 5, 12)),
        (pa.date32(), dt.date(2024, 3, 5)),
        (pa.date64(), dt.date(2024, 3, 5)),
        (pa.timestamp("us"), dt.datetime(9999, 12, 31, 23)),
        (pa.timestamp("s"), dt.datetime(1, 1, 1)),
        (pa.date32(), dt.date(9999, 12, 31)),
        (pa.date32(), dt.date(1, 1, 1)),
    ],
)
@pytest.mark.parametrize("scale", ["minmax", "standard", "none"])
def test_dates_of_every_kind_are_read_and_prepared(
    load: Load, tmp_path: Path, kind: pa.DataType, first: Any, scale: Any
) -> None:
    from pipeline.config.sections.data import CategoryParams
    from pipeline.data.preparation import Preparation

    later = first.replace(year=2023)
    write(tmp_path / "t.parquet", x=pa.array([first, later, None] * (ROWS // 3), kind))
    table = load(tmp_path / "t.parquet", target="y")
    schema = describe(table, None)
    check_table(table, schema, None)
    assert schema.columns[1].kind == "date"
    expected = first.replace(tzinfo=None) if isinstance(first, dt.datetime) else first
    assert str(table.frame["x"][0])[:10] == str(expected)[:10]
    rows = table.frame[schema.features]
    made = Preparation(schema, scale, CategoryParams()).fit(rows)
    assert np.isfinite(made.transform(rows)).all()


@pytest.mark.parametrize("unit", ["s", "ms"])
def test_dates_that_no_calendar_has_are_named(load: Load, tmp_path: Path, unit: str) -> None:
    far = pa.array([2**60, -(2**60), 0] * (ROWS // 3)).cast(pa.timestamp(unit))
    # Parquet has no seconds.
    feather.write_feather(
        pa.table({"x": far, "noise": range(ROWS), "y": ["a", "b"] * (ROWS // 2)}),
        tmp_path / "t.feather",
    )
    with pytest.raises(InputError, match="column 'x' holds dates beyond the year 294246"):
        load(tmp_path / "t.feather", target="y")
    assert list(load(tmp_path / "t.feather", target="y", drop=["x"]).frame) == ["noise", "y"]


LONG = [2**53, 2**53 + 1, 7]


@pytest.mark.parametrize(
    "column",
    [
        pa.array(LONG * 10),
        pa.array([*LONG[:2], None] * 10),
        pa.array([*LONG[:2], 2**64 - 1] * 10, pa.uint64()),
        pa.array([decimal.Decimal(10**30), decimal.Decimal(10**30 + 1), None] * 10),
    ],
)
def test_identifiers_that_are_no_exact_numbers_stay_apart(
    load: Load, tmp_path: Path, column: pa.Array
) -> None:
    write(tmp_path / "t.parquet", x=column)
    table = load(tmp_path / "t.parquet", target="y")
    assert table.frame["x"].nunique() == len(set(column.drop_null().to_pylist()))
    found = check_table(table, describe(table, None), None)
    assert [one.check for one in found if one.column == "x"] == ["long whole numbers"]


def test_long_whole_numbers_that_differ_as_numbers_are_numbers(load: Load, tmp_path: Path) -> None:
    write(tmp_path / "t.parquet", x=pa.array([2**60, 2**61, 7] * 10), z=pa.array(
        [decimal.Decimal(5), decimal.Decimal(7), None] * 10))  # fmt: skip
    assert describe(load(tmp_path / "t.parquet", target="y"), None).numeric == ["noise", "x", "z"]


def test_an_index_that_a_program_wrote_is_left_out_and_noted(load: Load, tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": np.arange(ROWS) % 7, "y": np.resize(["a", "b"], ROWS)})
    frame.index = np.arange(ROWS) + 1000
    frame.to_parquet(tmp_path / "t.parquet")
    frame.to_csv(tmp_path / "plain.csv")
    frame.reset_index(drop=True).to_csv(tmp_path / "saved.csv")
    frame.sample(frac=1, random_state=0).to_csv(tmp_path / "shuffled.csv")
    frame.set_axis([f"row {n}" for n in range(ROWS)]).to_csv(tmp_path / "named.csv")
    pd.read_csv(tmp_path / "saved.csv").to_csv(tmp_path / "twice.csv")
    pd.read_csv(tmp_path / "twice.csv").to_csv(tmp_path / "thrice.csv", index=False)
    for name, left_out in {
        "t.parquet": ["__index_level_0__"],
        "saved.csv": ["column 1"],
        "plain.csv": ["column 1"],
        "shuffled.csv": ["column 1"],
        "named.csv": ["column 1"],
        "twice.csv": ["Unnamed: 0", "column 1"],
        "thrice.csv": ["Unnamed: 0", "Unnamed: 0.1"],
    }.items():
        table = load(tmp_path / name, target="y", types={})
        assert list(table.frame) == ["x", "y"], name
        noted = [finding.column for finding in table.findings if finding.check == "index"]
        assert sorted(map(str, noted)) == left_out
    # A column without a name that repeats itself names no rows.
    for index in (frame["x"].to_numpy(), np.arange(ROWS) + 0.5, [None, *range(1, ROWS)]):
        frame.set_axis(index).to_csv(tmp_path / "other.csv")
        assert list(load(tmp_path / "other.csv", target="y").frame) == ["column 1", "x", "y"]
    kept = load(tmp_path / "t.parquet", target="y", types={"__index_level_0__": "number"})
    assert list(kept.frame) == ["x", "__index_level_0__", "y"]
