"""Whatever a file or params.yaml holds, the answer is a table or one clear message."""

from __future__ import annotations

import copy
import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from pipeline.config.errors import InputError
from pipeline.config.params import Params, parse_params
from pipeline.config.sections.data import CategoryParams
from pipeline.data.checks import check_table
from pipeline.data.description import describe
from pipeline.data.preparation import Preparation
from pipeline.data.roles import identities
from pipeline.data.sources.dispatch import load_table
from pipeline.data.table import Table

# The same examples every time: a test must not fail by luck.
QUICK = settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    # Without making a failing example smaller, which may take minutes.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
ROOT = Path(__file__).parents[3]
PARAMS = YAML(typ="safe").load(ROOT / "params.yaml")

CELLS = st.one_of(
    st.sampled_from(["", "NA", "None", "1", "-1.5", "1,5", "true", "2024-02-30", "a", '"', ";"]),
    st.text(max_size=6),
    st.floats(width=32).map(str),
    st.integers().map(str),
    # Numbers as people write them: thousands, signs and units.
    st.builds(
        lambda before, number, mark, after: before + f"{number:,}".replace(",", mark) + after,
        st.sampled_from(["", "-", "\u2212", "+", "(", "$", "EUR ", "\u20ac -", "\u200b", "0"]),
        st.one_of(st.integers(0, 10**9), st.floats(0, 1e9)),
        st.sampled_from([",", ".", "'", " ", "\u00a0", "_"]),
        st.sampled_from(["", "-", ")", "%", " kg", "\u00a0\u20ac", ",-", ".--", '"', " years old"]),
    ),
    # Digits, signs and blanks of other scripts, and what looks like a date or a time.
    st.text("\uff11\uff0d\u0661\u066b\u0967\u2007\u2014.,-: ", max_size=6),
    st.builds(
        "{}{}{}{}{}".format,
        *[st.integers(0, 32), st.sampled_from("-/.: ")] * 2,
        st.integers(0, 9999),
    ),
)
# What stands above the header of some files, or in its place.
ABOVE = st.sampled_from(
    [
        "",
        "",
        "",
        "sep=;\n",
        "# exported\n",
        "-*- coding: utf-8 -*-\n",
        "\n\n",
        "@RELATION t\n",
        "x;y\n",
        ";;\n",
        "SEP = ,,,\n",
        "My table;;\n",
        "|---|---|\n",
        "[1, 2]\n",
    ]
)
WRITTEN = st.builds(
    lambda above, rows, delimiter, end, encoding: (
        above + end.join(map(delimiter.join, rows))
    ).encode(encoding, "ignore"),
    ABOVE,
    st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=30),
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]),
)
BYTES = st.one_of(
    st.binary(max_size=300),
    WRITTEN,
    WRITTEN.map(gzip.compress),
    st.binary(max_size=200).map(lambda data: b"PAR1" + data + b"PAR1"),
    st.binary(max_size=60).map(lambda data: b"x,y\n" + b"1,a\n2,b\n" * 12 + data),
)


def parameters(folder: Path, **data: Any) -> Params:
    raw = copy.deepcopy(PARAMS)
    raw["data"] |= {"source": str(folder / "t.csv"), "watch": str(folder), "target": "y"} | data
    return parse_params(raw)


def fetched(params: Params) -> Table | None:
    """A table that passed every check, or None and a message as it should be."""
    try:
        table = load_table(params.data, params.split)
        check_table(table, describe(table, params.split.group), params.split.group)
    except InputError as error:
        text = str(error)
        if "\n" in text or "want" not in text or not text.endswith((".", "?")):
            raise
        return None
    return table


@QUICK
@given(content=BYTES)
def test_any_bytes_are_a_table_or_a_message(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    table = fetched(parameters(tmp_path))
    if table is None:
        return
    assert len(table.classes) >= 2
    assert table.frame["y"].isin(table.classes).all()
    check_prepared(table, "standard")


def check_prepared(table: Table, scale: Any) -> None:
    """Prepare all rows by the statistics of most of them, and give each row an identity."""
    schema = describe(table, None)
    rows = table.frame[schema.features]
    made = Preparation(schema, scale, CategoryParams()).fit(rows[: len(rows) * 3 // 4])
    x = made.transform(rows)
    assert x.shape[0] == len(rows) == len(identities(table.frame, schema))
    assert np.isfinite(x).all()


COLUMNS = st.one_of(
    st.lists(st.one_of(st.none(), st.floats(allow_infinity=False)), min_size=24, max_size=24),
    st.lists(st.one_of(st.none(), st.integers(-(2**62), 2**62)), min_size=24, max_size=24),
    st.lists(st.one_of(st.none(), st.booleans()), min_size=24, max_size=24),
    st.lists(st.one_of(st.none(), st.text(max_size=5)), min_size=24, max_size=24),
    st.lists(
        st.one_of(st.none(), st.datetimes(pd.Timestamp("1700-01-01"), pd.Timestamp("2200-01-01"))),
        min_size=24, max_size=24,
    ),
)  # fmt: skip


@QUICK
@given(
    columns=st.lists(COLUMNS, min_size=1, max_size=4), scale=st.sampled_from(["minmax", "standard"])
)
def test_any_columns_become_finite_numbers(
    columns: list[list[Any]], scale: Any, tmp_path: Path
) -> None:
    frame = pd.DataFrame({f"c{n}": pd.Series(c, dtype=object) for n, c in enumerate(columns)})
    frame.infer_objects().assign(y=["a", "b"] * 12).to_parquet(tmp_path / "t.parquet")
    params = parameters(tmp_path, source=str(tmp_path / "t.parquet"), scale=scale)
    table = fetched(params)
    if table is None:
        return
    assert len(describe(table, None).features) == len(columns)
    check_prepared(table, scale)


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=3), st.none(), max_size=2),
)  # fmt: skip
KEYS = [(section, key) for section in PARAMS if isinstance(PARAMS[section], dict)
        for key in PARAMS[section]]  # fmt: skip


@QUICK
@given(place=st.sampled_from(KEYS), value=VALUES)
def test_any_value_is_taken_or_told(place: tuple[str, str], value: Any) -> None:
    raw = copy.deepcopy(PARAMS)
    section, key = place
    raw[section][key] = value
    try:
        parse_params(raw)
    except InputError as error:
        for line in str(error).splitlines():
            assert line.startswith("params.yaml: "), line
            assert "want" in line
            assert line.endswith((".", "?"))


@pytest.mark.parametrize("value", [3, "x", ["a", 1.5], {"x": 1}])
def test_wrong_lists_and_mappings_name_their_key(value: Any) -> None:
    for key, wanted in (("drop", "a list of column names"), ("types", "columns with number")):
        raw = copy.deepcopy(PARAMS)
        raw["data"][key] = value
        if key == "drop" and isinstance(value, list):
            assert parse_params(raw).data.drop == ("a", "1.5")
            continue
        with pytest.raises(InputError, match=rf"data\.{key}.*want {wanted}"):
            parse_params(raw)
