"""A file of a kind that is not read is named, with what to do about it."""

from __future__ import annotations

import io
import pickle
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.orc
import pytest

from pipeline.config.errors import InputError
from tests.data.conftest import Load

FRAME = pd.DataFrame({"x": np.arange(30) % 7, "y": ["a", "b"] * 15})


def stata() -> bytes:
    buffer = io.BytesIO()
    FRAME.to_stata(buffer, version=118)
    return buffer.getvalue()


def orc() -> bytes:
    out = pa.BufferOutputStream()
    pyarrow.orc.write_table(pa.Table.from_pandas(FRAME), out)
    return bytes(out.getvalue())


def tar() -> bytes:
    buffer, content = io.BytesIO(), FRAME.to_csv(index=False).encode()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        member = tarfile.TarInfo("table.csv")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def array() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, FRAME["x"].to_numpy())
    return buffer.getvalue()


RECORDS = FRAME.to_json(orient="records")
KINDS: dict[str, tuple[bytes | str, str]] = {
    "Stata": (stata(), "a Stata file"),
    "ORC": (orc(), "an ORC file"),
    "tar": (tar(), "a tar archive"),
    "NumPy": (array(), "a NumPy array"),
    "pickle": (pickle.dumps(FRAME), "a pickle"),
    "DuckDB": (b"\0" * 8 + b"DUCK" + b"\0" * 99, "a DuckDB database"),
    "R": (b"RDX3\nX\n\0\0\0", "a file of R"),
    "SPSS": (b"$FL2@(#) SPSS\0\0", "an SPSS file"),
    "HDF5": (b"\x89HDF\r\n\x1a\n\0", "an HDF5 file"),
    "Git LFS": ("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
    "DVC": ("outs:\n- md5: 0\n  path: t.csv\n", "dvc pull"),
    "RTF": ("{\\rtf1 a,b}", "RTF"),
    "records": (RECORDS, "JSON, want CSV"),
    "columns": (FRAME.to_json(), "JSON, want CSV"),
    "indented": (FRAME.to_json(orient="records", indent=2), "JSON, want CSV"),
    "wrapped": (f'{{"data": {RECORDS}}}', "JSON, want CSV"),
    "arrays": ('[1, "a"]\n[2, "b"]\n' * 15, "JSON, want CSV"),
    "Markdown": (
        "| x | y |\n|---|:-:|\n" + "| 1 | a |\n| 2 | b |\n" * 15, "a table of Markdown"),
    "part of a page": ("<table><tr><td>1</td></tr></table>", "a web page or XML"),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_not_read_says_what_to_do(load: Load, tmp_path: Path, kind: str) -> None:
    content, message = KINDS[kind]
    data: Any = content if isinstance(content, bytes) else content.encode()
    (tmp_path / "t.csv").write_bytes(data)
    with pytest.raises(InputError) as caught:
        load(tmp_path / "t.csv", target="y")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("kind", ["records", "indented"])
def test_the_json_that_is_advised_is_read(load: Load, tmp_path: Path, kind: str) -> None:
    frame = FRAME.assign(code=[f"00{n}" for n in range(30)])
    # What jq -c '.[]' prints.
    frame.to_json(tmp_path / "t.json", orient="records", lines=True)
    table = load(tmp_path / "t.json", target="y")
    assert table.frame["code"].tolist() == frame["code"].tolist()
