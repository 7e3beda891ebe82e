"""What stands above the header, or in its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline.config.errors import InputError
from tests.data.conftest import Load

ROWS = "".join(f"{n % 7},{'uvw'[n % 3]},{'ab'[n % 2]}\n" for n in range(30))
GOOD = "age,plan,y\n" + ROWS
ABOVE = {
    "nothing": ("", 0),
    "sep": ("sep=,\n", 0),
    "sep in quotes": ('"sep=,"\n', 0),
    "SEP": ("SEP=,\n", 0),
    "sep with blanks": ("SEP = ,\n", 0),
    "sep saved again": ("sep=,,,\n", 0),
    "sep of another delimiter": ("sep=;,,\n", 0),
    "delimiters alone": (",,\n , ,\n", 0),
    "comment": ("# exported on Monday\n", 1),
    "comments with delimiters": ("# a, b and c\n# exported, by hand\n", 2),
    "comment as wide as a row": ("# one, two, three\n", 1),
    "SQL's": ("-- a query\n", 1),
    "C's": ("// a file\n", 1),
    "percent": ("% made by hand\n", 1),
    "encoding": ("-*- coding: utf-8 -*-\n", 1),
    "encoding by name": ("encoding=utf-8\n", 1),
    "blank lines": ("\n\n", 0),
    "all of them": ("\ufeffsep=,\n# a comment\n\n", 1),
}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("case", ABOVE)
def test_lines_above_the_header_are_skipped(
    load: Load, tmp_path: Path, case: str, end: str
) -> None:
    above, comments = ABOVE[case]
    (tmp_path / "t.csv").write_bytes((above + GOOD).replace("\n", end).encode())
    table = load(tmp_path / "t.csv", target="y")
    assert list(table.frame) == ["age", "plan", "y"]
    assert len(table.frame) == 30
    notes = [finding.message for finding in table.findings if finding.check == "reading"]
    assert len(notes) == (comments > 0)
    if comments:
        assert f"{comments} line" in notes[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("My table,,\n" + GOOD, "the first line, 'My table,,', names a single column"),
        (GOOD.replace("y\n", "y,\n", 1), "the first line, 'age,plan,y,', has 4 cells and the rows"),
        (",,\n" + ROWS, "the first line looks like a row"),
        (GOOD.replace(",", ":"), "If ':' separates them, set data.csv.delimiter to it"),
        (GOOD.replace(",", " "), "If ' ' separates them, set data.csv.delimiter to it"),
        (GOOD.replace(",", "    "), "If blanks line up its columns, export it with a mark"),
        ("- age: 5\n  y\n" * 9, "is a single cell, and so is every row"),
        (GOOD + "Age , plan,Y\n", "row 32 repeats the header"),
        (GOOD + "\ufeffage,plan,y\n", "row 32 repeats the header"),
    ],
)
def test_a_line_that_is_no_header_is_named(
    load: Load, tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(InputError, match=re.escape(message)):
        load(tmp_path / "t.csv", target="y")


@pytest.mark.parametrize("mark", [":", " ", "~", "^", "\x1f"])
def test_the_delimiter_that_is_advised_reads_the_table(
    load: Load, tmp_path: Path, mark: str
) -> None:
    (tmp_path / "t.csv").write_text(GOOD.replace(",", mark))
    with pytest.raises(InputError, match=r"data\.csv\.delimiter"):
        load(tmp_path / "t.csv", target="y")
    table = load(tmp_path / "t.csv", target="y", csv={"delimiter": mark})
    assert list(table.frame) == ["age", "plan", "y"]


@pytest.mark.parametrize("mark", [";", "|", "\t", ","])
def test_the_line_of_excel_names_the_delimiter(load: Load, tmp_path: Path, mark: str) -> None:
    text = f"sep={mark}\n" + GOOD.replace(",", mark)
    (tmp_path / "t.csv").write_text(text)
    assert list(load(tmp_path / "t.csv", target="y").frame) == ["age", "plan", "y"]


@pytest.mark.parametrize("name", ["#age", "%age", "# age", "--age"])
def test_a_header_that_looks_like_a_comment_is_a_header(
    load: Load, tmp_path: Path, name: str
) -> None:
    (tmp_path / "t.csv").write_text(GOOD.replace("age", name))
    table = load(tmp_path / "t.csv", target="y")
    assert list(table.frame) == [name, "plan", "y"]
    assert len(table.frame) == 30


@pytest.mark.parametrize("names", ["1999,2000,y", "0,1,2", "-1,0,1", "5,u,y"])
def test_names_that_are_whole_numbers_are_names(load: Load, tmp_path: Path, names: str) -> None:
    rows = "".join(f"{n % 7},{n % 5},{n % 2}\n" for n in range(30))
    (tmp_path / "t.csv").write_text(f"{names}\n{rows}")
    table = load(tmp_path / "t.csv", target=names.rsplit(",", 1)[1])
    assert list(table.frame) == names.split(",")


def test_a_row_is_numbered_as_in_the_file(load: Load, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("sep=,\n# comment\n" + GOOD + "1,u\n")
    with pytest.raises(InputError, match="row 34 has 2 cells, want 3"):
        load(tmp_path / "t.csv", target="y")
    (tmp_path / "t.csv").write_text("sep=,\n# comment\n" + GOOD + "age,plan,y\n")
    with pytest.raises(InputError, match="row 34 repeats the header"):
        load(tmp_path / "t.csv", target="y")
