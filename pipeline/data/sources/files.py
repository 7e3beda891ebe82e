"""Find local files, unpack them, convert text to UTF-8, and recognize each by its content."""

from __future__ import annotations

import codecs
import glob
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.config.errors import InputError, one_line
from pipeline.config.sections.data import DataParams
from pipeline.data.sources.packed import BLOCK_BYTES, MB, packing_of, too_large, unpack, write
from pipeline.data.sources.strangers import check_no_other_text, check_no_stranger, is_json_lines
from pipeline.data.sources.watched import check_watched
from pipeline.data.sources.workbook import is_workbook

SAMPLE_BYTES = 2**18
GLOB_MARKS = "*?["
# For files without a byte-order mark that are not UTF-8: what Windows writes in Western Europe.
FALLBACK_ENCODING = "cp1252"
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
FileKind = Literal["csv", "parquet", "arrow", "stream", "feather", "json", "sqlite", "workbook"]
# How files that are no text begin.
BINARY: tuple[tuple[bytes, FileKind], ...] = (
    (b"PAR1", "parquet"),
    (b"ARROW1", "arrow"),
    (b"\xff\xff\xff\xff", "stream"),
    (b"FEA1", "feather"),
    (b"SQLite format 3\0", "sqlite"),
)


@dataclass(frozen=True)
class Part:
    """A file ready to be parsed.

    name: as the user knows it. path: plain bytes, UTF-8 if it is text. guessed: the encoding, if
    it was neither given nor marked nor UTF-8.
    """

    name: str
    path: Path
    kind: FileKind
    guessed: str | None = None


def find_files(source: str, watch: str) -> list[Path]:
    """Return the files that a path or pattern names, in order; DVC must watch them."""
    # Not Path.glob: a pattern may be absolute.
    matches = sorted(glob.glob(source, recursive=True))  # noqa: PTH207
    # A file may have brackets in its name.
    paths = [Path(source)] if Path(source).exists() or not matches else [Path(p) for p in matches]
    for path in paths:
        shown = one_line(str(path))
        if not path.exists():
            raise InputError(
                f"params.yaml: data.source is {source!r}, and there is no such file, want a table"
                f" that is there. {_where_to_look(path, watch)}"
            )
        if path.is_dir():
            raise InputError(
                f"{shown}: a folder, want a file."
                f" Name the files in it, e.g. data.source: {shown}/*.csv."
            )
        if not path.is_file():
            raise InputError(f"{shown}: no ordinary file, want a CSV or Parquet file. Copy it.")
        check_watched(path, Path(watch))
    return paths


def _where_to_look(path: Path, watch: str) -> str:
    if path.is_absolute():
        return f"Check the path, which is of one machine; or copy the table into {watch}/."
    return "Check the path, from the project's folder."


def open_part(path: Path, name: str, data: DataParams, scratch: Path) -> Part:
    """Unpack and decode a file where needed, into files that begin like `scratch`."""
    try:
        head = _head(path)
        if is_workbook(path, head):
            return Part(name, path, "workbook")
        if (packing := packing_of(head)) is not None:
            path = unpack(path, name, packing, data.max_mb, scratch.with_suffix(".plain"))
            head = _head(path)
        elif path.stat().st_size > data.max_mb * MB:
            raise too_large(name, data.max_mb)
        for mark, binary in BINARY:
            if head.startswith(mark):
                return Part(name, path, binary)
        check_no_stranger(head, name)
        _check_text(head, name, data.csv.encoding)
        if is_json_lines(head):
            return Part(name, path, "json")
        encoding, guessed = _encoding(path, name, head, data.csv.encoding)
        if encoding in {"utf-8", "utf-8-sig"}:
            return Part(name, path, "csv")
        text = (piece.encode() for piece in _decoded(path, name, encoding))
        plain = write(scratch.with_suffix(".utf8"), text)
    except OSError as error:
        raise InputError(
            f"{name}: cannot be read ({error.strerror or error}), want a readable file."
            " Check its permissions and the disk."
        ) from None
    return Part(name, plain, "csv", encoding if guessed else None)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(SAMPLE_BYTES)


def _check_text(head: bytes, name: str, encoding: str | None) -> None:
    if not head.strip():
        raise InputError(
            f"{name}: the file is empty, want a header line and rows. Export it again."
        )
    if any(head.startswith(mark) for mark, _ in BYTE_ORDER_MARKS):
        return
    if b"\0" in head and encoding is None:
        raise InputError(
            f"{name}: holds binary data (a zero byte at {head.index(0)}), want CSV or Parquet."
            " Export it as one; if it is UTF-16, set data.csv.encoding."
        )
    check_no_other_text(head, name)


def _encoding(path: Path, name: str, head: bytes, given: str | None) -> tuple[str, bool]:
    """Return the encoding and whether it is a guess; UTF-8 is checked to the end."""
    marked = next((encoding for mark, encoding in BYTE_ORDER_MARKS if head.startswith(mark)), None)
    encoding = codecs.lookup(given).name if given else marked or "utf-8"
    if marked and encoding in marked:
        encoding = marked
    if encoding in {"utf-8", "utf-8-sig"}:
        try:
            for _ in _decoded(path, name, encoding):
                pass
        except InputError:
            if given or marked:
                raise
            return FALLBACK_ENCODING, True
    return encoding, False


def _decoded(path: Path, name: str, encoding: str) -> Iterator[str]:
    """Yield the text piece by piece; raise `InputError` where a byte is not of this encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    read = 0
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            try:
                text = decoder.decode(block)
            except UnicodeError as error:
                raise InputError(
                    f"{name}: not {encoding} text ({_reason(error, read)}), want text in the"
                    " encoding it is read in. Set data.csv.encoding, e.g. cp1252 or utf-16."
                ) from None
            if "\0" in text:
                raise InputError(
                    f"{name}: holds binary data (a zero byte before byte {read + len(block)}), want"
                    " CSV or Parquet. Export it as one; if it is UTF-16, set data.csv.encoding."
                )
            read += len(block)
            yield text
    try:
        yield decoder.decode(b"", final=True)
    except UnicodeError:
        raise InputError(
            f"{name}: ends within a character of {encoding}, want a whole file."
            " Copy it again, or set data.csv.encoding."
        ) from None


def _reason(error: UnicodeError, before: int) -> str:
    return f"byte {before + error.start}" if isinstance(error, UnicodeDecodeError) else str(error)
