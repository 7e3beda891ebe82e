"""Read a sheet of a workbook: Excel's .xlsx, .xlsb and .xls, and OpenDocument's .ods."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path

import pandas as pd

from pipeline.config.errors import InputError, did_you_mean, one_line
from pipeline.config.sections.data import DataParams
from pipeline.data.sources.packed import MB, too_large

OLD_EXCEL = b"\xd0\xcf\x11\xe0"
# What an archive holds that is a workbook.
INSIDE = {"xl/workbook.xml", "xl/workbook.bin"}
SHEETS_OF_ODF = b"application/vnd.oasis.opendocument.spreadsheet"


def is_workbook(path: Path, head: bytes) -> bool:
    """Tell whether a file that begins so is a workbook."""
    if head.startswith(OLD_EXCEL):
        return True
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        return bool(INSIDE & names) or (
            "mimetype" in names and archive.read("mimetype").startswith(SHEETS_OF_ODF)
        )


def read_workbook(path: Path, name: str, data: DataParams) -> pd.DataFrame:
    """Return the rows of the sheet `data.sheet`, or of the only sheet that has any."""
    from python_calamine import CalamineError, CalamineWorkbook

    _check_size(path, name, data.max_mb)
    try:
        book = CalamineWorkbook.from_path(path)
        wanted = [data.sheet] if data.sheet is not None else book.sheet_names
        _check_sheet(name, data.sheet, book.sheet_names)
        sheets = {sheet: book.get_sheet_by_name(sheet).to_python() for sheet in wanted}
    except (CalamineError, OSError, ValueError) as error:
        raise InputError(
            f"{name}: no workbook that can be read ({one_line(str(error))[:160]}), want .xlsx,"
            " .xlsb, .xls or .ods without a password. Save it again, or as CSV (UTF-8)."
        ) from None
    filled = {sheet: rows for sheet, rows in sheets.items() if rows}
    if len(filled) != 1:
        shown = ", ".join(map(one_line, filled or sheets))
        raise InputError(
            f"{name}: {len(filled)} sheets have rows ({shown}), want one. Name it in data.sheet."
            if filled
            else f"{name}: no rows in {shown}, want a header and rows. Look at data.sheet."
        )
    return _frame(next(iter(filled.values())), name)


def _check_size(path: Path, name: str, max_mb: int) -> None:
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        if sum(file.file_size for file in archive.infolist()) > max_mb * MB:
            raise too_large(name, max_mb)


def _check_sheet(name: str, sheet: str | None, known: list[str]) -> None:
    if sheet is not None and sheet not in known:
        hint = did_you_mean(sheet, known) or f" Sheets: {', '.join(map(one_line, known))}."
        raise InputError(f"{name}: no sheet {sheet!r}, want one that is there (data.sheet).{hint}")


def _frame(rows: list[list[object]], name: str) -> pd.DataFrame:
    header, *body = rows
    if len(header) > 1 and sum(cell != "" for cell in header) == 1:
        title = next(str(cell) for cell in header if cell != "")
        raise InputError(
            f"{name}: the first row of the sheet holds {one_line(title)[:40]!r} alone, want a"
            " header with a name for each column. Delete what stands above the header."
        )
    names = [_name(cell) or f"column {place}" for place, cell in enumerate(header, 1)]
    twice = [column for column in names if names.count(column) > 1]
    if twice:
        raise InputError(
            f"{name}: several columns are called {twice[0]!r}, want each name once."
            " Rename one of them in the file."
        )
    columns = zip(*body, strict=True) if body else ([] for _ in names)
    return pd.DataFrame(
        {
            column: pd.Series([_value(cell) for cell in cells], dtype=object)
            for column, cells in zip(names, columns, strict=True)
        }
    )


def _name(cell: object) -> str:
    return f"{cell:.0f}" if isinstance(cell, float) and cell % 1 == 0 else str(cell).strip()


def _value(cell: object) -> object:
    """Return a cell's value; an empty cell and an error such as #N/A are gaps."""
    if cell == "":
        return None
    # A time at midnight is a date to the reader, in one column with others that are none.
    if isinstance(cell, dt.date) and not isinstance(cell, dt.datetime):
        return dt.datetime(cell.year, cell.month, cell.day)
    if isinstance(cell, (dt.time, dt.timedelta)):
        return str(cell)
    return cell
