"""Numbers as people write them keep their value, and no advice changes one."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML

from pipeline.data.checks import check_table
from pipeline.data.description import describe
from pipeline.data.findings import Finding
from pipeline.data.table import Table
from tests.data.conftest import Load

ROWS = 40
NBSP, NARROW, MINUS = "\u00a0", "\u202f", "\u2212"
# What a column's cells are, and the numbers that they mean.
AS_NUMBERS: dict[str, dict[str, float]] = {
    "German": {"1.234,56": 1234.56, "2.424": 2424, "259": 259, "-0,5": -0.5},
    "English": {"1,234.56": 1234.56, "2,424": 2424, "259": 259, "-0.5": -0.5},
    "US thousands alone": {"1,283": 1283, "968": 968, "2,424": 2424},
    "millions": {"1,234,567": 1234567, "2,424": 2424, "7": 7},
    "German millions": {"1.234.567": 1234567, "2.424": 2424, "7": 7},
    "Indian": {"12,34,567": 1234567, "1,00,000": 100000, "5": 5},
    "Swiss": {"1'234.50": 1234.5, "1\u2019000": 1000, "7.25": 7.25},
    "no-break": {f"1{NBSP}234,5": 1234.5, f"12{NARROW}345": 12345, "7,25": 7.25},
    "blanks": {"1 234": 1234, "12 345 678": 12345678, "7": 7},
    "minus signs": {f"{MINUS}7.7": -7.7, "7.7-": -7.7, "(3.5)": -3.5, "- 2.5": -2.5, "+1": 1},
    "dollars": {"$1,283.50": 1283.5, "-$5.25": -5.25, "$-4": -4, "($3)": -3, "$ 2": 2},
    "euros": {"1.234,5 €": 1234.5, "7,25€": 7.25, f"{MINUS}2 €": -2},
    "codes of currencies": {"EUR 1.5": 1.5, "EUR 12.25": 12.25, "EUR-3": -3},
    "percent": {"12%": 12, "7.5 %": 7.5, "-3%": -3, "100%": 100},
    "kilograms": {"72.1 kg": 72.1, "80kg": 80, f"65.5{NBSP}kg": 65.5},
    "speeds": {"12 km/h": 12, "80.5 km/h": 80.5, "3 km/h": 3},
    "degrees": {"12.5°C": 12.5, "-3 °C": -3, "20°C": 20},
    "exponents": {"1e3": 1000, "-2.5E-2": -0.025, "7": 7},
    "other blanks": {"1\u2007234": 1234, "12\u3000345": 12345, "7": 7},
    "other signs": {"\u20115": -5, "\u20146.5": -6.5, "7": 7},
    "invisible letters": {"5\u200b": 5, "\ufeff6.5": 6.5, "\u200e7": 7},
    "full width": {"\uff11\uff12": 12, "\uff0d\uff13\uff0e\uff15": -3.5, "\uff17": 7},
    "Arabic digits": {"\u0661\u0662": 12, "\u0663\u066b\u0665": 3.5, "7": 7},
    "Devanagari digits": {"\u0967\u0968": 12, "\u0969": 3},
    "no cents": {"5,-": 5, "1.500,-": 1500, "12,50": 12.5, "7,--": 7, "-3,-": -3},
    "Swiss prices": {"CHF 5.-": 5, "CHF 1'500.-": 1500, "CHF 7.50": 7.5},
    "zloty": {"5,50 zł": 5.5, "1 200,00 zł": 1200, "7 zł": 7},
    "rupees": {"Rs. 500": 500, "Rs. 1,250.50": 1250.5},
    "tenge and cents": {"5 ₸": 5, "6.5 ₸": 6.5},
    "micrograms": {"5 µg": 5, "6.5 μg": 6.5},
    "square metres": {"5 m^2": 5, "6.5 m^2": 6.5},
    "abbreviated": {"5 kg.": 5, "6.5 kg.": 6.5},
    "inches": {'5"': 5, '6.5"': 6.5},
    "three decimals": {"0.125": 0.125, "12.375": 12.375, "1234.500": 1234.5},
}
# Columns that are kept as texts, and the check that names why.
AS_TEXTS: dict[str, tuple[str, list[str]]] = {
    "two units": ("several units", ["72 kg", "160 lb", "75 kg", "12 kg"]),
    "with and without": ("several units", ["5%", "0.05", "7%", "0.5"]),
    "two ways": ("numbers as text", ["1,5", "1.5", "2,25", "7.75"]),
    "two ways of thousands": ("numbers as text", ["1.234", "1,234", "7", "8"]),
    "thousands cut wrongly": ("numbers as text", ["12", "7", "12,34,5", "8"]),
    "censored": ("numbers as text", ["12", "<5", "7", "8", "9"]),
    "approximate": ("numbers as text", ["12", "~7", "8", "9"]),
    "a word": ("numbers as text", ["12", "unknown", "7", "8"]),
    "a sheet's error": ("numbers as text", ["12", "#DIV/0!", "7", "8"]),
    "rare numbers": ("numbers as text", ["unknown"] * 9 + ["1", "2", "5", "8"]),
    "fractions": ("numbers as text", ["1", "1 1/2", "2", "3"]),
    "words beside": ("numbers in text", ["5 years old", "6 years old", "7 years old"]),
    "grouped by _": ("numbers in text", ["1_000", "2_500", "1_000_000"]),
    "times of day": ("times as text", ["12:30", "9:15", "23:59:59.5", "1:05 pm"]),
    "durations": ("times as text", ["1h30", "2 h 05 min", "10h45"]),
    "zip": ("leading zeros", ["00123", "10115", "04109"]),
    "months": ("leading zeros", ["01", "02", "11", "12"]),
    "account": ("long whole numbers", ["12345678901234567890", "12345678901234567891", "7"]),
    "beyond 2**53": ("long whole numbers", ["9007199254740993", "9007199254740992", "1"]),
}


def fetched(
    load: Load, folder: Path, cells: list[str], delimiter: str = ",", **data: Any
) -> tuple[Table, list[Finding]]:
    """A table with the column x beside others, and the findings on x."""
    x = np.resize(np.array(cells, object), ROWS)
    with (folder / "t.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(["x", "noise", "y"])
        writer.writerows([x[n], (n * 7) % 11, "ab"[n % 2]] for n in range(ROWS))
    # The fixture remembers.
    table = load(
        folder / "t.csv", **{"target": "y", "types": {}, "missing": [""], "csv": {}} | data
    )
    schema = describe(table, None)
    found = (*table.findings, *check_table(table, schema, None))
    return table, [finding for finding in found if finding.column == "x"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("case", AS_NUMBERS)
@pytest.mark.parametrize("types", [{}, {"x": "number"}])
def test_numbers_written_for_people_keep_their_value(
    load: Load, tmp_path: Path, case: str, delimiter: str, types: dict[str, str]
) -> None:
    meant = AS_NUMBERS[case]
    table, _ = fetched(load, tmp_path, [*meant], delimiter, types=types)
    expected = np.resize([*meant.values()], ROWS)
    assert describe(table, None).columns[0].kind == "numeric"
    np.testing.assert_allclose(table.frame["x"].to_numpy(float), expected, rtol=1e-15)


@pytest.mark.parametrize("case", AS_TEXTS)
def test_what_is_no_plain_number_is_kept_and_named(load: Load, tmp_path: Path, case: str) -> None:
    check, cells = AS_TEXTS[case]
    table, findings = fetched(load, tmp_path, cells)
    assert table.frame["x"].tolist() == np.resize(np.array(cells, object), ROWS).tolist()
    assert check in [finding.check for finding in findings]


@pytest.mark.parametrize("case", [*AS_NUMBERS, *AS_TEXTS])
def test_advice_that_is_followed_changes_no_value(load: Load, tmp_path: Path, case: str) -> None:
    """Every way that a note gives to read the column: values stay, and only words become gaps."""
    meant = AS_NUMBERS.get(case) or dict.fromkeys(AS_TEXTS[case][1])
    cells = [*meant]
    _, findings = fetched(load, tmp_path, cells)
    for text in (finding.message for finding in findings):
        assert "data.drop" not in text or case in ("account", "beyond 2**53")
        changes: dict[str, Any] = {}
        if kind := re.search(r"data\.types: \{x: (\w+)\}$", text):
            changes["types"] = {"x": kind[1]}
        if "in data.missing" in text:
            (shown,) = re.findall(r"because of (.*); list", text)
            changes["missing"] = ["", *re.findall(r"'([^']*)'", shown)]
            assert not any(
                re.search(r"\d", text.replace("#DIV/0!", "")) for text in changes["missing"]
            )
        again, _ = fetched(load, tmp_path, cells, **changes)
        column = again.frame["x"]
        for place, cell in enumerate(np.resize(np.array(cells, object), ROWS)):
            value = column.iloc[place]
            if cell in changes.get("missing", ()):
                assert value is None or value != value
            elif isinstance(value, str):
                assert value == cell
            elif meant[cell] is not None:
                assert float(value) == meant[cell]
            else:
                assert float(value) == float(cell)


def test_a_mark_that_may_be_either_is_noted(load: Load, tmp_path: Path) -> None:
    for cells, meant in ((["1,283", "968", "7"], 1283), (["2.424", "259", "7"], 2.424)):
        table, (finding,) = fetched(load, tmp_path, cells)
        assert table.frame["x"][0] == meant
        assert finding.check == "three digits"
        mark = cells[0][1]
        sure, found = fetched(load, tmp_path, cells, csv={"thousands": mark})
        assert sure.frame["x"][0] == int(cells[0].replace(mark, ""))
        assert found == []
        sure, found = fetched(load, tmp_path, cells, csv={"decimal": mark})
        assert sure.frame["x"][0] == float(cells[0].replace(mark, "."))
        assert found == []


def test_the_other_columns_decide_which_mark_is_decimal(load: Load, tmp_path: Path) -> None:
    rows = "".join(f"{n % 7},5;{n % 3 + 1}.000;{n % 5 + 1},125;{'ab'[n % 2]}\n" for n in range(40))
    (tmp_path / "t.csv").write_text("price;count;weight;y\n" + rows)
    frame = load(tmp_path / "t.csv", target="y").frame
    assert frame.iloc[0, :3].tolist() == [0.5, 1000, 1.125]
    rows = rows.replace(".", "x").replace(",", ".").replace("x", ",")
    (tmp_path / "t.csv").write_text("price;count;weight;y\n" + rows)
    assert load(tmp_path / "t.csv", target="y").frame.iloc[0, :3].tolist() == [0.5, 1000, 1.125]


@pytest.mark.parametrize("place", [0, 1, 9_999, 19_998])
@pytest.mark.parametrize("cell", ["?", "12,5,1", "<3"])
def test_one_odd_cell_is_named_wherever_it_is(
    load: Load, tmp_path: Path, place: int, cell: str
) -> None:
    cells = [str(n % 977 + 0.5) for n in range(20_000)]
    cells[place] = cell
    lines = "".join(f'"{x}",{n % 13},{"ab"[n % 2]}\n' for n, x in enumerate(cells))
    (tmp_path / "t.csv").write_text("x,noise,y\n" + lines)
    table = load(tmp_path / "t.csv", target="y")
    found = check_table(table, describe(table, None), None)
    (note,) = [finding.message for finding in found if finding.column == "x"]
    assert note.startswith(
        f"19999 of 20000 values are numbers, but read as text because of {cell!r}"
    )


@pytest.mark.parametrize("place", [0, 10_000, 19_999])
def test_one_odd_date_is_named_wherever_it_is(load: Load, tmp_path: Path, place: int) -> None:
    dates = [f"{n % 28 + 1:02d}.{n % 12 + 1:02d}.{1990 + n % 30}" for n in range(20_000)]
    dates[place] = "soon"
    lines = "".join(f"{x},{n % 13},{'ab'[n % 11 % 2]}\n" for n, x in enumerate(dates))
    (tmp_path / "t.csv").write_text("x,noise,y\n" + lines)
    table = load(tmp_path / "t.csv", target="y")
    found = check_table(table, describe(table, None), None)
    (note,) = [finding for finding in found if finding.column == "x"]
    assert note.check == "dates as text"
    assert "because of 'soon': write it like the others, or list it" in note.message


@pytest.mark.parametrize(
    "written",
    ["%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d %b %Y", "%B %d, %Y", "%d.%m.%y %H:%M",
     "%m/%d/%Y %I:%M %p", "%d-%b-%Y", "%Y-%m", "%m/%Y", "%a, %d %b %Y %H:%M:%S GMT",
     "%Y-%m-%d %H:%M:%S UTC", "%Y-%m-%d %H:%M:%S +0000"],
)  # fmt: skip
def test_the_format_that_is_advised_reads_every_date(
    load: Load, tmp_path: Path, written: str
) -> None:
    import pandas as pd

    # Enough months for each to be told from another.
    step = "31h" if "%d" in written else "31D"
    dates = pd.date_range("2019-01-27 09:30", periods=ROWS, freq=step)
    cells = [date.strftime(written) for date in dates]
    _, (finding,) = fetched(load, tmp_path, cells)
    (advised,) = re.findall(r"set data.types: (.*)$", finding.message)
    table, found = fetched(load, tmp_path, cells, types=YAML(typ="safe").load(advised))
    assert table.frame["x"].dt.strftime(written).tolist() == cells
    assert found == []


@pytest.mark.parametrize("odd", ["0000-00-00", "2024-02-30", "2024-01-31T24:00:00", "10000-01-01"])
def test_the_date_that_is_none_is_named(load: Load, tmp_path: Path, odd: str) -> None:
    _, (finding,) = fetched(load, tmp_path, ["2024-01-31", odd, "2024-02-01"])
    assert finding.check == "dates as text"
    assert f"such as '2024-01-31', but read as text because of {odd!r}" in finding.message


@pytest.mark.parametrize(
    "cells",
    [["1.2.3", "1.10.2"], ["123-45-6789", "223-45-6789"], ["10.0.0.1", "1.2.3.4"], ["Q1", "T5"],
     ["12 Elm", "14 Oak", "3 Ash", "9 Fir", "2 Yew", "7 Box", "5 Bay"], ["18-25", "26-40"],
     ["[0,10)", "[10,20)"]],
)  # fmt: skip
def test_codes_are_taken_for_nothing_else(load: Load, tmp_path: Path, cells: list[str]) -> None:
    table, found = fetched(load, tmp_path, cells)
    assert describe(table, None).category == ["x"]
    assert found == []


def test_days_written_as_whole_numbers_are_noted(load: Load, tmp_path: Path) -> None:
    cells = ["20240131", "20240201", "20231224"]
    table, (finding,) = fetched(load, tmp_path, cells)
    assert finding.check == "dates as numbers"
    assert describe(table, None).numeric[0] == "x"
    for plain in (["20240131", "20240199"], ["20240131", "20240201.5"], ["1", "20240131"]):
        assert fetched(load, tmp_path, plain)[1] == []


@pytest.mark.parametrize(("odd", "advice"), [("NA", "list those"), ("2", "write these")])
def test_what_is_neither_true_nor_false_is_named(
    load: Load, tmp_path: Path, odd: str, advice: str
) -> None:
    _, (finding,) = fetched(load, tmp_path, ["TRUE", "FALSE", "TRUE", odd])
    assert finding.check == "truth as text"
    assert f"true or false, but read as text because of {odd!r}; {advice}" in finding.message


def test_a_mark_is_noted_where_the_user_names_the_type(load: Load, tmp_path: Path) -> None:
    (finding,) = fetched(load, tmp_path, ["1,283", "968"], types={"x": "number"})[1]
    assert finding.check == "three digits"


def test_dates_that_two_formats_read_name_both(load: Load, tmp_path: Path) -> None:
    cells = [f"0{n % 9 + 1}/0{n % 7 + 1}/2024" for n in range(ROWS)]
    _, (finding,) = fetched(load, tmp_path, cells)
    assert "'%d/%m/%Y' and '%m/%d/%Y' both read them all" in finding.message


def test_times_with_and_without_a_zone_are_named(load: Load, tmp_path: Path) -> None:
    cells = ["2024-01-31T10:00:00", "2024-02-01T10:00:00+05:00", "2024-02-03T10:00:00Z"]
    table, (finding,) = fetched(load, tmp_path, cells)
    assert "times with and without a time zone" in finding.message
    assert table.frame["x"].tolist()[:3] == cells
