"""A real server takes every form of request that MLflow documents, with gaps in any column."""

from __future__ import annotations

import csv
import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from pipeline.config.params import parse_params
from pipeline.data.description import describe
from pipeline.data.sources.dispatch import load_table
from pipeline.data.table import Table
from pipeline.tracking.models import served
from pipeline.tracking.models.logged import _paths
from tests.e2e.conftest import Project, serving
from tests.tracking.models.served_model import write_model

# Keras 3.15 turns its variables to arrays in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
ROOT = Path(__file__).parents[3]
ROWS = 48
COLUMNS: dict[str, list[str]] = {
    "number": ["1.5", "-2", "3e2", "7"],
    "whole": ["1", "2", "30"],
    "weight": ["1.234,5 kg", "72,1 kg", "80 kg"],
    "price": ["5,-", "1.250,-", "12,50"],
    "flag": ["yes", "no"],
    "truth": ["true", "false"],
    "day": ["2024-01-31", "2023-12-01", "2022-05-17"],
    "german": ["31.01.2024", "01.12.2023"],
    "until": ["9999-12-31", "2024-06-30", "0001-01-01"],
    "town": ["Rome", "Oslo", "New York"],
}
TYPES = {"flag": "boolean", "german": "date:%d.%m.%Y", "number": "number"}
# Values of JSON's own kinds, for columns that have them.
PLAIN = {"number": 1.5, "whole": 30, "weight": 72.1, "price": 12.5, "flag": True, "truth": False}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> tuple[Table, Path]:
    folder = tmp_path_factory.mktemp("forms")
    with (folder / "t.csv").open("w", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow([*COLUMNS, "y"])
        for n in range(ROWS):
            row = [cells[n % len(cells)] for cells in COLUMNS.values()]
            # A gap in each column in turn.
            if n % 3 == 0:
                row[n // 3 % len(row)] = ""
            writer.writerow([*row, "ab"[n // 2 % 2]])
    values = YAML(typ="safe").load(ROOT / "params.yaml")
    values["data"] |= {"source": str(folder / "t.csv"), "watch": str(folder)}
    values["data"] |= {"target": "y", "types": TYPES}
    params = parse_params(values)
    return load_table(params.data, params.split), folder


@pytest.fixture(scope="module")
def address(table: tuple[Table, Path]) -> Iterator[str]:
    """Where `mlflow models serve` answers for the model."""
    loaded, folder = table
    mlflow.pyfunc.save_model(
        folder / "model",
        python_model=str(Path(served.__file__)),
        artifacts=_paths(write_model(folder, loaded)),
        pip_requirements=[],
    )
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "MLFLOW_DISABLE_TELEMETRY": "true"}
    project = Project(folder, environment)
    command = ["mlflow", "models", "serve", "-m", str(folder / "model"), "--env-manager", "local"]
    with serving(project, *command, path="/ping") as server:
        yield f"{server}/invocations"


def ask(address: str, body: object, kind: str = "application/json") -> tuple[int, Any]:
    data = body if isinstance(body, str) else json.dumps(body)
    request = urllib.request.Request(address, data.encode(), {"Content-Type": kind})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refusal:
        return refusal.code, json.load(refusal)


def bodies(rows: list[dict[str, Any]]) -> Iterator[tuple[str, object, str]]:
    """Every form of a request for these rows."""
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    json_kind = "application/json"
    yield "records", {"dataframe_records": rows}, json_kind
    split = {"columns": [*columns], "data": [[*row.values()] for row in rows]}
    yield "split", {"dataframe_split": split}, json_kind
    yield "inputs by column", {"inputs": columns}, json_kind
    yield "inputs by row", {"inputs": rows}, json_kind
    yield "instances by row", {"instances": rows}, json_kind
    yield "instances by column", {"instances": columns}, json_kind
    if len(rows) == 1:
        yield "inputs, one row", {"inputs": rows[0]}, json_kind
    yield "CSV", pd.DataFrame(rows).to_csv(index=False), "text/csv"


def texts(table: Table) -> list[dict[str, Any]]:
    """The rows as the file writes them, null for a gap."""
    return [
        {
            name: None if pd.isna(table.frame[name][n]) else cells[n % len(cells)]
            for name, cells in COLUMNS.items()
        }
        for n in range(ROWS)
    ]


def asked(table: Table) -> dict[str, list[dict[str, Any]]]:
    rows = texts(table)
    full = {name: cells[0] for name, cells in COLUMNS.items()}
    empty = dict.fromkeys(COLUMNS)
    cases = {"all rows": rows, "one row": [full], "nothing but gaps": [empty], "two": [full, empty]}
    cases |= {f"no {name}": [full | {name: None}] for name in COLUMNS}
    cases |= {f"no {name}, then one": [full | {name: None}, full] for name in COLUMNS}
    plain = full | PLAIN
    cases |= {f"{name} of JSON": [full | {name: value}] for name, value in PLAIN.items()}
    cases |= {"JSON and gaps": [plain, empty, full]}
    return cases


def test_every_form_of_request_is_answered_alike(table: tuple[Table, Path], address: str) -> None:
    loaded, _ = table
    schema = describe(loaded, None)
    assert {column.kind for column in schema.columns} == {"numeric", "boolean", "date", "category"}
    for case, rows in asked(loaded).items():
        answers = {}
        for form, body, kind in bodies(rows):
            # In CSV a number is written as in the file, here with a comma.
            if form == "CSV" and "JSON" in case:
                continue
            status, answer = ask(address, body, kind)
            assert status == 200, (case, form, answer)
            assert len(answer["predictions"]) == len(rows), (case, form)
            answers[form] = [row["probability_b"] for row in answer["predictions"]]
        expected = answers["records"]
        for form, given in answers.items():
            np.testing.assert_allclose(given, expected, rtol=1e-6, err_msg=f"{case}, {form}")
    every = ask(address, {"instances": texts(loaded)})[1]["predictions"]
    assert len({row["probability_b"] for row in every}) > 10


def test_instances_that_lack_a_column_are_refused(table: tuple[Table, Path], address: str) -> None:
    """MLflow joins them by column, and the others may be gaps."""
    full = {name: cells[0] for name, cells in COLUMNS.items()}
    rows = [full, {name: cell for name, cell in full.items() if name != "town"}]
    assert ask(address, {"instances": rows})[0] == 400
    status, answer = ask(address, {"dataframe_records": rows})
    assert status == 200
    rows[1] = full | {"town": None}
    assert answer == ask(address, {"dataframe_records": rows})[1]


@pytest.mark.parametrize("name", COLUMNS)
def test_every_form_refuses_what_is_no_value(
    table: tuple[Table, Path], address: str, name: str
) -> None:
    full = {column: cells[0] for column, cells in COLUMNS.items()}
    odd: Any = [1, 2] if name == "town" else "perhaps"
    for form, body, kind in bodies([full | {name: odd}, full]):
        if name == "town" and form in ("CSV", "instances by column", "inputs by column"):
            continue
        status, answer = ask(address, body, kind)
        assert status == 400, form
        # A list beside plain cells MLflow itself refuses in this form.
        if not (name == "town" and form == "instances by row"):
            assert f"column {name!r} holds {odd!r}, want" in answer["message"], form
