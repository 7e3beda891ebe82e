"""Everything that is no table ends in one line that says what to do."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.config.errors import InputError
from pipeline.data.checks import check_table
from pipeline.data.description import describe
from tests.conftest import ROOT
from tests.data.conftest import Load

GOOD = b"x,y\n" + b"1,a\n2,b\n" * 15
Write = Callable[[Path], object]


def text(content: str | bytes) -> Write:
    data = content.encode() if isinstance(content, str) else content
    return lambda path: path.write_bytes(data)


def table(**columns: Any) -> Write:
    return lambda path: pd.DataFrame(columns).to_parquet(path, index=False)


def zipped(**files: bytes) -> Write:
    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)

    return write


def rows(*lines: str, header: str = "x,y", times: int = 15) -> Write:
    return text(header + "\n" + "\n".join(lines * times) + "\n")


def parquet(damage: Callable[[bytes], bytes]) -> Write:
    def write(path: Path) -> None:
        pd.DataFrame({"x": range(30), "y": ["a", "b"] * 15}).to_parquet(path)
        path.write_bytes(damage(path.read_bytes()))

    return write


ITSELF = "t.csv"
# What is written, the changed keys of `data` (and `split`), and how the message begins or goes on.
CASES: dict[str, tuple[Write, dict[str, Any], str]] = {
    "empty file": (text(""), {}, "the file is empty"),
    "blank lines": (text("\n\n \n"), {}, "the file is empty"),
    "header only": (text("x,y\n"), {}, "a header without rows"),
    "header without line end": (text("x,y"), {}, "a header without rows"),
    "zero bytes": (text(b"\0" * 500), {}, "binary data"),
    "binary garbage": (text(bytes(range(256)) * 40), {}, "binary data"),
    "damaged zip": (text(b"PK\x03\x04rest"), {}, "damaged zip"),
    "zip of two": (zipped(**{"a.csv": GOOD, "b.csv": GOOD}), {}, "a zip archive of 2 files (a.csv"),
    "zip of nothing": (zipped(), {}, "want"),
    "damaged Excel": (
        zipped(**{"[Content_Types].xml": b"", "xl/workbook.xml": b""}), {}, "no workbook that can"),
    "Word": (zipped(**{"[Content_Types].xml": b"", "word/x.xml": b""}), {}, "a document"),
    "OpenDocument text": (zipped(mimetype=b"", **{"content.xml": b""}), {}, "a document"),
    "DuckDB": (text(b"\0" * 8 + b"DUCK" + b"\0" * 90), {}, "a DuckDB database"),
    "damaged Arrow": (text(b"ARROW1\0\0rest"), {}, "damaged Arrow"),
    "damaged JSON lines": (text('{"x": 1}\n{"x": \n'), {}, "line 2 is no JSON"),
    "JSON lines with a number": (text('{"x": 1}\n{"x": 2}\n5\n'), {}, "line 3 is no object"),
    "JSON lines with a key twice": (
        text('{"x": 1}\n{"x": 2, "x": 3}\n'), {}, "a key stands in it twice"),
    "damaged old Excel": (text(b"\xd0\xcf\x11\xe0rest"), {}, "no workbook that can be read"),
    "PDF": (text("%PDF-1.7"), {}, "a PDF document"),
    "zstd": (text(b"\x28\xb5\x2f\xfdrest"), {}, "damaged zstd"),
    "bzip2": (text(b"BZh9rest"), {}, "damaged bz2"),
    "xz": (text(b"\xfd7zXZ\0rest"), {}, "damaged xz"),
    "damaged SQLite": (text("SQLite format 3\0" * 99), {}, "damaged SQLite"),
    "HTML": (text("<!DOCTYPE html><html>Log in</html>"), {}, "a web page or XML"),
    "HTML after blanks": (text("\n  <html>"), {}, "a web page or XML"),
    "XML": (text("<?xml version='1.0'?>"), {}, "a web page or XML"),
    "JSON": (text('{"x":\n 1}'), {}, "JSON, want CSV"),
    "indented JSON": (text('[\n  {\n    "x": 1\n  }\n]'), {}, "JSON, want CSV"),
    "ARFF": (text("% by hand\n@RELATION t\n@ATTRIBUTE x NUMERIC\n"), {}, "an ARFF file"),
    "title above the header": (
        text(b"Report of 2024\n" + GOOD), {}, "the first line, 'Report of 2024', has 1 cell"),
    "two titles": (text(b"Report;of\n\n" + GOOD), {}, "the first line, 'Report;of', has 1 cell"),
    "no header": (rows("1.5,a", "2.5,b", header="2.5,a"), {}, "the first line looks like a row"),
    "no header, no number": (
        rows("red,a", "blue,b", header="red,b"), {}, "the first line looks like a row"),
    "no header, a date": (
        rows("2024-01-01,a", "2024-01-02,b", header="2024-01-02,b"), {}, "looks like a row"),
    "JSON lines": (text('[{"x": 1}]'), {}, "JSON, want CSV"),
    "wrong encoding given": (text("x,y\né,a\n"), {"csv": {"encoding": "ascii"}}, "not ascii text"),
    "not UTF-8 as said": (text(b"x,y\n\xe9,a\n"), {"csv": {"encoding": "utf-8"}}, "not utf-8 text"),
    "in no encoding": (text(b"x,y\n\x81\x8d,a\n"), {}, "not cp1252 text"),
    "half a UTF-16 character": (text("x,y\n".encode("utf-16") + b"a"), {}, "ends within a char"),
    "UTF-16 without mark": (text("x,y\n1,a\n".encode("utf-16-le")), {}, "binary data"),
    "row too short": (rows("1,a", "2"), {}, "row 3 has 1 cell, want 2"),
    "row too long": (rows("1,a", "2,b,c"), {}, "row 3 has 3 cells, want 2"),
    "header repeated": (rows("1,a", "2,b", "x,y"), {}, "row 4 repeats the header"),
    "header repeated at the end": (text(GOOD + b"x,y\n"), {}, "row 32 repeats the header"),
    "header repeated in quotes": (text(GOOD + b'"x","y"\n1,a\n'), {}, "row 32 repeats the header"),
    "open quote": (rows("1,a", '"2,b'), {}, "want"),
    "wrong delimiter given": (
        text(GOOD), {"csv": {"delimiter": ";"}},
        "is a single cell, and so is every row, want columns"),
    "10 MB single line": (text(b"x" * 10_000_000), {}, "a header without rows"),
    "duplicate names": (rows("1,2,a", "2,3,b", header="x,x,y"), {}, "several columns are called"),
    "target absent": (rows("1,a", "2,b", header="x,label"), {}, "data.target is 'y', want a col"),
    "one column kept": (text(GOOD), {"keep": ["y"]}, "no column is left to predict 'y' from"),
    "target not named": (text(GOOD), {"target": None}, "data.target is null, want the column"),
    "target alone": (rows("a", "b", header="y"), {}, "is a single cell, and so is every row"),
    "one class": (rows("1,a", "2,a"), {}, "target 'y' is 'a' in every row"),
    "target all gaps": (rows("1,", "2,"), {}, "target 'y' has no value in any row"),
    "nothing to learn from": (rows("5,a", "5,b"), {}, "every column but 'y' is empty or the same"),
    "names with line ends": (rows("1,2", header='"a\nb",c'), {}, r"(a\nb, c)"),
    "quantity": (
        text("x,y\n" + "\n".join(f"{n},{n}.5" for n in range(99))),
        {"task": "classification"},
        "99 classes, want 2 to 50. To predict it as a number, set data.task: regression",
    ),
    "too many classes": (text("x,y\n" + "\n".join(f"1,c{n % 60}" for n in range(180))), {}, "60"),
    "rare class": (text(GOOD + b"3,c\n"), {}, "class 'c' of 'y' has 1 row, want at least 3"),
    "too few rows": (rows("1,a", "2,b", times=4), {}, "8 rows, want at least 20"),
    "infinite values": (rows("1.5,a", "inf,b"), {}, "beyond 1e+30 in 'x' (15)"),
    "huge values": (rows("1.5,a", "-1e40,b"), {}, "beyond 1e+30 in 'x' (15)"),
    "column of lists": (table(x=[[1]] * 30, y=["a", "b"] * 15), {}, "column 'x' holds list"),
    "column of bytes": (table(x=[b"\xff"] * 30, y=["a", "b"] * 15), {}, "column 'x' holds binary"),
    "Parquet truncated": (parquet(lambda data: data[:-200]), {}, "damaged Parquet"),
    "Parquet scrambled": (
        parquet(lambda data: data[:4] + b"\xff" * 300 + data[304:]), {}, "damaged Parquet"),
    "Parquet without rows": (table(x=[], y=[]), {}, "a header without rows"),
    "Parquet's mark alone": (text("PAR1"), {}, "damaged Parquet"),
    "gzip truncated": (text(gzip.compress(GOOD)[:-12]), {}, "damaged gzip"),
    "gzip damaged": (text(gzip.compress(GOOD)[:20] + b"\xff" * 9), {}, "damaged gzip"),
    "gzip of nothing": (text(gzip.compress(b"")), {}, "the file is empty"),
    "gzip bomb": (text(gzip.compress(b"0" * 30_000_000)), {"max_mb": 20}, "larger than data"),
    "gzip of gzip": (text(gzip.compress(gzip.compress(GOOD))), {}, "want"),
    "too large": (text(GOOD * 40_000), {"max_mb": 1}, "larger than data.max_mb = 1"),
    "a folder": (lambda path: path.mkdir(), {}, "a folder, want a file"),
    "not there": (lambda path: None, {}, "there is no such file"),
    "dropped column absent": (text(GOOD), {"drop": ["X"]}, "data.drop is 'X', want a column"),
    "kept column absent": (text(GOOD), {"keep": ["z"]}, "data.keep is 'z', want a column"),
    "typed column absent": (text(GOOD), {"types": {"z": "date"}}, "data.types is 'z', want a col"),
    "target dropped": (text(GOOD), {"drop": ["y"]}, "target, group, role and drop name a column"),
    "not a number": (rows("1,a", "?,b"), {"types": {"x": "number"}}, "column 'x' holds '?'"),
    "not a date": (rows("1,a", "2,b"), {"types": {"x": "date:%Y-%m"}}, "column 'x' holds '1'"),
    "not a boolean": (rows("1,a", "2,b"), {"types": {"x": "boolean"}}, "column 'x' holds '2'"),
    "no date format": (rows("1,a", "2,b"), {"types": {"x": "date:%Q"}}, "date format '%Q', want"),
    "positive absent": (text(GOOD), {"positive": "c"}, "data.positive is 'c', want one of two"),
    "positive of three": (
        rows("1,a", "2,b", "3,c"), {"positive": "a"}, "data.positive is 'a', want one of two"),
    "group absent": (text(GOOD), {"group": "g"}, "split.group is 'g', want a column"),
    "group with gaps": (
        rows("1,a,1", "2,b,", header="x,y,g"), {"group": "g"}, "group column 'g' has 15 gaps"),
    "role absent": (text(GOOD), {"role": "r"}, "split.role is 'r', want a column"),
    "column called fold": (rows("1,a", "2,b", header="fold,y"), {}, "column 'fold' clashes"),
    "outside the watched folder": (
        text(GOOD), {"watch": "tables"}, "not in data.watch = tables, want it there"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_bad_table_is_told_in_one_line(load: Load, tmp_path: Path, case: str) -> None:
    write, changes, message = CASES[case]
    path = tmp_path / ITSELF
    write(path)
    split = {key: changes[key] for key in ("group", "role") if key in changes}
    data = {"target": "y", **{k: v for k, v in changes.items() if k not in split}}
    group = split.get("group")

    def fetch() -> None:
        found = load(path, split=split, **data)
        check_table(found, describe(found, group), group)

    with pytest.raises(InputError) as caught:
        fetch()
    told = str(caught.value)
    assert message in told
    assert "\n" not in told
    assert "want" in told
    assert told.endswith((".", "?"))
    assert len(told) < 600


def test_there_are_at_least_sixty_cases() -> None:
    assert len(CASES) >= 60


def test_parts_must_be_alike(load: Load, tmp_path: Path) -> None:
    (tmp_path / "p1.csv").write_bytes(GOOD)
    (tmp_path / "p2.csv").write_text("x,z\n1,a\n")
    with pytest.raises(InputError, match=r"its columns differ from those of .*'y', 'z'"):
        load(tmp_path / "p*.csv", target="y")
    for number, values in enumerate(([1, 2] * 10, ["red"] * 20)):
        frame = pd.DataFrame({"x": values, "y": ["a", "b"] * 10})
        frame.to_parquet(tmp_path / f"p{number}.parquet")
    with pytest.raises(InputError, match=r"types differ .* Write the parts with the same types\."):
        load(tmp_path / "p*.parquet", target="y")


@pytest.mark.parametrize(
    ("source", "query", "message"),
    [
        ("sql:ABSENT", "SELECT 1", "environment variable 'ABSENT', which is not set"),
        ("sql:", "SELECT 1", "environment variable '', which is not set"),
        ("sql:GOOD", None, "data.query is null"),
        ("sql:GOOD", "SELEC 1", "the database refuses"),
        ("sql:GOOD", "SELECT * FROM nowhere", "the database refuses"),
        ("sql:GOOD", "SELECT x, y FROM t WHERE x > 99", "a header without rows"),
        ("sql:GARBAGE", "SELECT 1", "no SQLAlchemy URL"),
        ("sql:DRIVERLESS", "SELECT 1", "want"),
        ("sql:NO_FILE", "SELECT 1", "is no file, want an SQLite database"),
        ("openml:", None, "want a name or number after it"),
        ("brest_cancer", None, "Did you mean 'breast_cancer'?"),
        ("s4://bucket/table.csv", None, "want"),
        ("http://127.0.0.1:9/table.csv", None, "want"),
    ],
)
def test_bad_source_is_told_in_one_line(
    load: Load,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    source: str,
    query: str | None,
    message: str,
) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "good.db") as connection:
        connection.execute("CREATE TABLE t (x INTEGER, y TEXT)")
    connection.close()
    monkeypatch.setenv("GOOD", f"sqlite:///{tmp_path}/good.db")
    monkeypatch.setenv("GARBAGE", "not a url")
    monkeypatch.setenv("DRIVERLESS", "firebird://me:secret@host/db")
    monkeypatch.setenv("NO_FILE", f"sqlite:///{tmp_path}/absent.db")
    with pytest.raises(InputError) as caught:
        load(source, query=query, target="y")
    assert message in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "absent.db").exists()


LOAD = """
import sys
from pathlib import Path
from pipeline.config.params import parse_params
from pipeline.config.reader import read_yaml
from pipeline.data.sources.dispatch import load_table
raw = read_yaml(Path("params.yaml"))
raw["data"] |= {"source": sys.argv[1], "watch": sys.argv[2], "target": "y"}
params = parse_params(raw)
load_table(params.data, params.split)
"""


def test_unreadable_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(GOOD)
    path.chmod(0)
    command = [sys.executable, "-c", LOAD, str(path), str(tmp_path)]
    if os.access(path, os.R_OK):
        # Root reads everything by these capabilities; without them, what its permissions allow.
        command = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", *command]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    message = f"InputError: {path}: cannot be read (Permission denied), want a readable file."
    assert message in done.stderr


def test_a_pipe_is_no_file(load: Load, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(InputError, match="no ordinary file"):
        load(tmp_path / "pipe.csv", target="y")


def test_numbers_beyond_all_bounds_are_read(load: Load, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x,y\n" + "1e400,a\n123456789012345678901234567890,b\n" * 15)
    try:
        values = load(tmp_path / "t.csv", target="y").frame["x"]
    except InputError:
        return
    assert values.dtype == np.float64
