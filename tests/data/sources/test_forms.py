"""Every form of file gives the same table."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sqlite3
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather as feather
import pytest

from pipeline.config.errors import InputError
from pipeline.data.sources import packed
from tests.data.conftest import Load

ROWS = 30


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "size": rng.normal(size=ROWS).round(3),
            "count": rng.integers(0, 9, ROWS),
            "town": rng.choice(["Köln", "None", "NA", "São Paulo"], ROWS),
            "label": np.resize(["no", "yes", "NA"], ROWS),
        }
    )
    frame.loc[3, "size"] = np.nan
    return frame


def zipped(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("folder/", "")
        archive.writestr("folder/table.csv", data)
        archive.writestr("__MACOSX/folder/._table.csv", b"rest")
    return buffer.getvalue()


def zstd(data: bytes) -> bytes:
    out = pa.BufferOutputStream()
    with pa.CompressedOutputStream(out, "zstd") as stream:
        stream.write(data)
    return bytes(out.getvalue())


PACKINGS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zip": zipped,
            "zst": zstd}  # fmt: skip


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("form", ["csv", "parquet", "jsonl"])
def test_packed_files_are_unpacked(
    load: Load, tmp_path: Path, frame: pd.DataFrame, packing: str, form: str
) -> None:
    plain = tmp_path / f"plain.{form}"
    if form == "csv":
        frame.to_csv(plain, index=False)
    elif form == "parquet":
        frame.to_parquet(plain)
    else:
        frame.to_json(plain, orient="records", lines=True, force_ascii=False)
    path = tmp_path / f"table.{form}.{packing}"
    path.write_bytes(PACKINGS[packing](plain.read_bytes()))
    table = load(path, target="label")
    pd.testing.assert_frame_equal(table.frame, frame, check_dtype=False)
    assert table.name == "table"


@pytest.mark.parametrize("packing", PACKINGS)
def test_a_bomb_is_stopped(load: Load, tmp_path: Path, packing: str) -> None:
    path = tmp_path / f"t.csv.{packing}"
    path.write_bytes(PACKINGS[packing](b"0" * 30_000_000))
    with pytest.raises(InputError, match="larger than data"):
        load(path, target="y", max_mb=20)


@pytest.mark.parametrize("packing", PACKINGS)
def test_a_truncated_file_is_damaged(load: Load, tmp_path: Path, packing: str) -> None:
    path = tmp_path / f"t.csv.{packing}"
    rng = np.random.default_rng(0)
    whole = PACKINGS[packing](b"x,y\n" + rng.bytes(4_000_000).hex().encode())
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="damaged"):
        load(path, target="y")


@pytest.mark.parametrize("form", ["arrow", "stream", "feather", "feather with lz4", "json lines"])
def test_typed_files_are_read(load: Load, tmp_path: Path, frame: pd.DataFrame, form: str) -> None:
    path = tmp_path / "table.file"
    table = pa.Table.from_pandas(frame)
    if form in ("arrow", "stream"):
        new = pa.ipc.new_file if form == "arrow" else pa.ipc.new_stream
        with new(str(path), table.schema) as writer:
            writer.write_table(table)
    elif form == "json lines":
        frame.to_json(path, orient="records", lines=True)
    else:
        feather.write_feather(table, path, compression="lz4" if "lz4" in form else "uncompressed")
    loaded = load(path, target="label")
    pd.testing.assert_frame_equal(loaded.frame, frame, check_dtype=False)


def test_nested_json_is_left_out_or_named(load: Load, tmp_path: Path) -> None:
    lines = "".join(f'{{"x": {n % 7}, "tags": [{n}], "y": "{"ab"[n % 2]}"}}\n' for n in range(30))
    (tmp_path / "t.jsonl").write_text(lines)
    with pytest.raises(InputError, match=r"column 'tags' holds list.*data\.drop"):
        load(tmp_path / "t.jsonl", target="y", drop=[])
    assert list(load(tmp_path / "t.jsonl", target="y", drop=["tags"]).frame) == ["x", "y"]


def test_json_lines_of_several_types_are_texts(load: Load, tmp_path: Path) -> None:
    lines = "".join(
        f'{{"x": {n if n % 3 else chr(34) + "A" + chr(34)}, "z": {n % 5}, "y": "{"ab"[n % 2]}"}}\n'
        for n in range(30)
    )
    (tmp_path / "t.jsonl").write_text(lines)
    assert load(tmp_path / "t.jsonl", target="y", drop=[]).frame["x"].tolist()[:4] == [
        "A", "1", "2", "A"]  # fmt: skip
    assert list(load(tmp_path / "t.jsonl", target="y", drop=["x"]).frame) == ["z", "y"]


@pytest.mark.parametrize("first", [2**53, 2**63, 2**64])
def test_long_whole_numbers_of_json_lines_stay_apart(
    load: Load, tmp_path: Path, first: int
) -> None:
    lines = "".join(
        f'{{"x": {first + n if n % 3 else "null"}, "z": {n % 5}, "y": "{"ab"[n % 2]}"}}\n'
        for n in range(30)
    )
    (tmp_path / "t.jsonl").write_text(lines)
    ids = load(tmp_path / "t.jsonl", target="y").frame["x"]
    assert ids.dropna().tolist() == [str(first + n) for n in range(30) if n % 3]


def test_a_name_says_that_tabs_separate(load: Load, tmp_path: Path) -> None:
    lines = "".join(f"{n % 7}\t{n % 3},{n % 5},{n % 2}\t{'ab'[n % 2]}\n" for n in range(30))
    (tmp_path / "t.tsv").write_text("x\ta,b,c\ty\n" + lines)
    assert list(load(tmp_path / "t.tsv", target="y").frame) == ["x", "a,b,c", "y"]


def test_an_sqlite_file_is_read(load: Load, tmp_path: Path, frame: pd.DataFrame) -> None:
    path = tmp_path / "what? #1 100%.db"
    connection = sqlite3.connect(path)
    frame.to_sql('peo"ple', connection, index=False)
    connection.commit()
    before = path.read_bytes()
    loaded = load(path, target="label", query=None)
    pd.testing.assert_frame_equal(loaded.frame, frame, check_dtype=False)
    frame.to_sql("others", connection, index=False)
    connection.close()
    with pytest.raises(InputError, match=r"a database of 2 tables \(others, peo.*Set data\.query"):
        load(path, target="label", query=None)
    loaded = load(path, target="label", query="SELECT * FROM others")
    pd.testing.assert_frame_equal(loaded.frame, frame, check_dtype=False)
    with pytest.raises(InputError, match="the database refuses"):
        load(path, target="label", query="DROP TABLE others")
    assert len(before) > 0
    assert not [*tmp_path.glob("*-journal"), *tmp_path.glob("*-wal")]


def test_whole_numbers_of_a_database_stay_apart(load: Load, tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (id INTEGER, z REAL, y TEXT)")
        connection.executemany(
            "INSERT INTO t VALUES (?, ?, ?)",
            [(2**53 + n if n % 3 else None, n % 5 + 0.5, "ab"[n % 2]) for n in range(30)],
        )
    connection.close()
    table = load(path, target="y", query=None)
    assert table.frame["id"].dropna().tolist() == [str(2**53 + n) for n in range(30) if n % 3]
    assert table.frame["z"].dtype == float
    with pytest.raises(InputError, match=r"data\.query: gives several columns called 'z'"):
        load(path, target="y", query="SELECT a.z, b.z, a.y FROM t AS a, t AS b")


def test_every_packing_is_tried() -> None:
    assert len(PACKINGS) == len(packed.MARKS)
