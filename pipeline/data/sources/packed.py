"""Unpack compressed files and archives of one file."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal

import pyarrow as pa

from pipeline.config.errors import InputError, one_line

BLOCK_BYTES = 2**20
MB = 2**20
Packing = Literal["gzip", "zstd", "bz2", "xz", "zip"]
MARKS: tuple[tuple[bytes, Packing], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"PK\x03\x04", "zip"),
)
# What programs put into an archive beside a table.
BESIDE = ("__MACOSX/", ".DS_Store")
DAMAGES = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, pa.ArrowException)


def packing_of(head: bytes) -> Packing | None:
    """Return how a file that begins so is packed, or None if it is not."""
    return next((packing for mark, packing in MARKS if head.startswith(mark)), None)


def unpack(path: Path, name: str, packing: Packing, max_mb: int, to: Path) -> Path:
    """Unpack a file into another, within the limit of size."""
    try:
        with _opened(path, name, packing) as file:
            return write(to, _blocks(file, name, max_mb))
    except DAMAGES as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(
            f"{name}: damaged {packing} ({first[:160]}), want a whole file."
            " Copy or download it again."
        ) from None


def too_large(name: str, max_mb: int) -> InputError:
    """Return the error of a file beyond the limit of size."""
    return InputError(
        f"{name}: larger than data.max_mb = {max_mb}, unpacked, want at most that."
        " Raise data.max_mb if the file is what you expect."
    )


def write(path: Path, blocks: Iterator[bytes]) -> Path:
    """Write blocks into a file, and return its path."""
    with path.open("wb") as file:
        for block in blocks:
            file.write(block)
    return path


@contextmanager
def _opened(path: Path, name: str, packing: Packing) -> Iterator[IO[bytes] | Any]:
    if packing == "zip":
        with zipfile.ZipFile(path) as archive:
            yield archive.open(_member(archive, name))
    elif packing == "xz":
        with lzma.open(path) as file:
            yield file
    else:
        with pa.input_stream(str(path), compression=packing) as stream:
            yield stream


def _member(archive: zipfile.ZipFile, name: str) -> str:
    names = archive.namelist()
    if "[Content_Types].xml" in names or "mimetype" in names:
        raise InputError(
            f"{name}: a document, want a table: a workbook, CSV, JSON lines, Parquet, Arrow or"
            " SQLite. Copy the table into a sheet, or save it as CSV (UTF-8)."
        )
    files = [file for file in names if not file.endswith("/") and not file.startswith(BESIDE)]
    if len(files) != 1:
        shown = ", ".join(one_line(file) for file in files[:5]) or "none"
        raise InputError(
            f"{name}: a zip archive of {len(files)} files ({shown}), want one."
            " Unpack it, and name the files: a pattern reads several parts."
        )
    if archive.getinfo(files[0]).flag_bits & 1:
        raise InputError(f"{name}: needs a password, want an open archive. Unpack it yourself.")
    return files[0]


def _blocks(file: Any, name: str, max_mb: int) -> Iterator[bytes]:
    taken = 0
    while block := file.read(BLOCK_BYTES):
        taken += len(block)
        if taken > max_mb * MB:
            raise too_large(name, max_mb)
        yield block
