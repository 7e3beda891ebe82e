"""Recognize files that are often taken for tables, and say what to convert each to."""

from __future__ import annotations

import codecs
import json
import re

from pipeline.config.errors import InputError

# Within this many bytes a file shows what it is.
HEAD_BYTES = 4096
READ = "want CSV, JSON lines, Parquet, Arrow, SQLite or a workbook"
R_EXPORT = "Save it from R, e.g. with arrow::write_parquet."
PYTHON_EXPORT = "Save it from Python, e.g. with DataFrame.to_parquet."
UNPACK = "Unpack it, and name the file."
# How files begin, what they are, and what to do with them. No advice turns 007 into 7.
BEGINNINGS: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", "a PDF document", "Export it as CSV."),
    (b"{\\rtf", "a text document (RTF)", "Save it as plain text: CSV (UTF-8)."),
    (b"version https://git-lfs", "a pointer of Git LFS and not the file", "Run git lfs pull."),
    (b"outs:\n", "a file of DVC that names the table", "Run dvc pull, and name it without .dvc."),
    (b"$FL2", "an SPSS file", "Save it from SPSS as CSV."),
    (b"$FL3", "an SPSS file", "Save it from SPSS as CSV."),
    (b"<stata_dta>", "a Stata file", "Save it from Stata: export delimited using churn.csv."),
    (b"HEADER RECORD*******", "a SAS transport file", "Save it from SAS as CSV: PROC EXPORT."),
    (b"RDX2", "a file of R", R_EXPORT),
    (b"RDX3", "a file of R", R_EXPORT),
    (b"X\n\0\0\0", "a file of R", R_EXPORT),
    (b"\x89HDF", "an HDF5 file", PYTHON_EXPORT),
    (b"\x93NUMPY", "a NumPy array", PYTHON_EXPORT),
    (b"MATLAB 5.0", "a MATLAB file", "Save it from MATLAB: writetable(t, 'churn.csv')."),
    (b"\x80\x02", "a pickle", PYTHON_EXPORT),
    (b"\x80\x03", "a pickle", PYTHON_EXPORT),
    (b"\x80\x04", "a pickle", PYTHON_EXPORT),
    (b"\x80\x05", "a pickle", PYTHON_EXPORT),
    (b"Obj\x01", "an Avro file", "Convert it to Parquet, e.g. with Spark or DuckDB."),
    (b"ORC", "an ORC file", "Convert it to Parquet, e.g. with pyarrow.orc and pyarrow.parquet."),
    (b"\0\x01\0\0Standard", "an Access database", "Export the table there as CSV."),
    (b"\x89PNG", "a picture", "Give its numbers as columns."),
    (b"\xff\xd8\xff", "a picture", "Give its numbers as columns."),
    (b"GIF8", "a picture", "Give its numbers as columns."),
    (b"7z\xbc\xaf", "a 7z archive", UNPACK),
    (b"Rar!", "a RAR archive", UNPACK),
    (b"\x1f\x9d", "a file packed by compress", UNPACK),
)
# What stands at another place of a file.
INSIDE: tuple[tuple[int, bytes, str, str], ...] = (
    (8, b"DUCK", "a DuckDB database",
     "Export the table there: COPY customers TO 'customers.parquet'."),
    (257, b"ustar", "a tar archive", UNPACK),
    (84, b"SAS FILE", "a SAS file", "Save it from SAS as CSV: PROC EXPORT."),
)  # fmt: skip
ARFF = re.compile(rb"^\s*@relation\b", re.IGNORECASE | re.MULTILINE)
WEB_PAGE = (b"<!doctype", b"<html", b"<?xml", b"<?php", b"<head", b"<body", b"<table", b"<svg")
MARKDOWN = re.compile(r".*\|.*\n\s*\|?(\s*:?-+:?\s*\|)+\s*(:?-+:?)?\s*\n")


def check_no_stranger(head: bytes, name: str) -> None:
    """Raise `InputError` if a file that begins so is of a known kind that is not read."""
    for beginning, kind, fix in BEGINNINGS:
        if head.startswith(beginning):
            raise InputError(f"{name}: {kind}, {READ}. {fix}")
    for place, mark, kind, fix in INSIDE:
        if head[place:].startswith(mark):
            raise InputError(f"{name}: {kind}, {READ}. {fix}")


def check_no_other_text(head: bytes, name: str) -> None:
    """Raise `InputError` if a text that begins so is none of a table."""
    start = b"".join(head[:HEAD_BYTES].removeprefix(codecs.BOM_UTF8).split()).lower()
    if ARFF.search(head[:HEAD_BYTES]):
        raise InputError(
            f"{name}: an ARFF file, want CSV or Parquet. Save it from Weka as CSV; OpenML's are"
            " read by openml:NAME."
        )
    if start.startswith(WEB_PAGE):
        raise InputError(
            f"{name}: a web page or XML, want CSV or Parquet."
            " A download often gives its log-in or error page: open it in a browser."
        )
    if _is_json(head, start) and not is_json_lines(head):
        raise InputError(
            f"{name}: JSON, want CSV, or JSON lines with an object a line. Convert it, e.g. a list"
            " of objects with jq -c '.[]'."
        )
    if MARKDOWN.match(head[:HEAD_BYTES].decode("utf-8", "replace")):
        raise InputError(
            f"{name}: a table of Markdown, want CSV. Delete the line of dashes, and the | at both"
            " ends of each line."
        )


def is_json_lines(head: bytes) -> bool:
    """Tell whether the first lines are whole JSON objects, as the rows of JSON lines are."""
    lines = [line for line in head.removeprefix(codecs.BOM_UTF8).split(b"\n", 4) if line.strip()]
    # A single object is a document; no table has one row.
    return len(lines) > 1 and isinstance(_parsed(lines[0]), dict) and lines[1].startswith(b"{")


def _is_json(head: bytes, start: bytes) -> bool:
    if start.startswith((b"{", b"[{", b"[[")):
        return True
    line = head.removeprefix(codecs.BOM_UTF8).lstrip().partition(b"\n")[0]
    return isinstance(_parsed(line), list)


def _parsed(line: bytes) -> object:
    try:
        return json.loads(line)
    except ValueError:
        return None
