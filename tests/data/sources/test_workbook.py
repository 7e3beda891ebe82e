"""Workbooks: which sheet, which cells, and what is none."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from pipeline.config.errors import InputError
from pipeline.data.description import describe
from tests.data.conftest import Load
from tests.data.sources.workbooks import write_workbook

ROWS = 30
HEADER = ["number", "text", "flag", "day", "moment", "code", "y"]


def cells() -> list[list[object]]:
    return [
        [
            None if n == 3 else "#N/A" if n == 4 else n % 7 + 0.5,
            ["red", None, "blue"][n % 3],
            n % 2 == 0,
            (45_000 + n,),
            (45_000.5 + n % 2 / 2,),
            f"00{n % 5}",
            "ab"[n // 2 % 2],
        ]
        for n in range(ROWS)
    ]


def test_a_sheet_is_read_with_its_types(load: Load, tmp_path: Path) -> None:
    write_workbook(tmp_path / "t.xlsx", Empty=[], Customers=[HEADER, *cells()])
    table = load(tmp_path / "t.xlsx", target="y", sheet=None)
    kinds = [column.kind for column in describe(table, None).columns]
    assert kinds == ["numeric", "category", "boolean", "date", "date", "category"]
    assert table.frame["number"].isna().tolist() == [n in (3, 4) for n in range(ROWS)]
    assert table.frame["number"][0] == 0.5
    assert table.frame["code"][0] == "000"
    assert table.frame["day"][0] == pd.Timestamp("2023-03-15")
    assert table.frame["moment"][:2].tolist() == [
        pd.Timestamp("2023-03-15 12:00"),
        pd.Timestamp("2023-03-16"),
    ]
    assert table.name == "t"


def test_the_wanted_sheet_is_read(load: Load, tmp_path: Path) -> None:
    write_workbook(tmp_path / "t.xlsx", One=[HEADER, *cells()], Two=[HEADER, *cells()[:24]])
    with pytest.raises(InputError, match=r"2 sheets have rows \(One, Two\), want one\. Name it in"):
        load(tmp_path / "t.xlsx", target="y", sheet=None)
    assert len(load(tmp_path / "t.xlsx", target="y", sheet="Two").frame) == 24
    with pytest.raises(InputError, match=r"no sheet 'two'.* Did you mean 'Two'\?"):
        load(tmp_path / "t.xlsx", target="y", sheet="two")


def test_what_is_no_table_is_named(load: Load, tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    for sheet, message in (
        ([], "no rows in S"),
        ([["Report of 2024"], HEADER, *cells()], "holds 'Report of 2024' alone"),
        ([[*HEADER[:-2], "y", "y"], *cells()], "several columns are called 'y'"),
        ([HEADER], "a header without rows"),
    ):
        write_workbook(path, S=sheet)
        with pytest.raises(InputError, match=message):
            load(path, target="y", sheet=None)
    write_workbook(path, S=[HEADER, *cells(), *[["x" * 3000] * 7] * 60])
    with pytest.raises(InputError, match="larger than data"):
        load(path, target="y", sheet=None, max_mb=1)
