"""The registered models predict what was reported, loaded and served, and refuse what is wrong."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest

from tests.e2e.conftest import Finished, Project, serving

NO_PICKLE = {"MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false"}
# One process for all: importing MLflow takes longer than any prediction.
PREDICT = """
import mlflow, pandas as pd, sys
from pipeline.data.description import read_schema
rows = pd.read_parquet("data/test.parquet")[read_schema().features]
hard = rows.iloc[:, ::-1].copy()
hard.iloc[0, 0] = None
for alias in ("challenger", "baseline"):
    model = mlflow.pyfunc.load_model("models:/regularized-net@" + alias)
    for name, given in (("straight", rows), ("hard", hard)):
        model.predict(given).to_csv(f"{sys.argv[1]}/{alias}-{name}.csv", index=False)
"""


@pytest.fixture(scope="module")
def predictions(
    finished: Finished, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, pd.DataFrame]:
    """What the registered models predict, by alias and kind of rows."""
    folder = tmp_path_factory.mktemp("predictions")
    uri = f"sqlite:///{finished.project.path}/mlflow.db"
    command = [sys.executable, "-c", PREDICT, str(folder)]
    finished.project.run(*command, MLFLOW_TRACKING_URI=uri, **NO_PICKLE)
    return {file.stem: pd.read_csv(file) for file in folder.iterdir()}


@pytest.mark.parametrize(("alias", "kind"), [("challenger", "tuned"), ("baseline", "baseline")])
def test_loaded_model_predicts_what_compare_reported(
    finished: Finished, predictions: dict[str, pd.DataFrame], alias: str, kind: str
) -> None:
    got = predictions[f"{alias}-straight"]
    reported = pd.read_csv(finished.project.path / "reports/predictions.csv")
    for label in ("benign", "malignant"):
        # The same float32 values, written in their own shortest form and in that of a double.
        ours = got[f"probability_{label}"].astype("float32")
        theirs = reported[f"{kind}_probability_{label}"].astype("float32")
        assert ours.tolist() == theirs.tolist()


def test_model_takes_gaps_and_columns_in_any_order(predictions: dict[str, pd.DataFrame]) -> None:
    straight, hard = predictions["challenger-straight"], predictions["challenger-hard"]
    assert hard[1:].equals(straight[1:])
    assert hard.loc[0, "prediction"] in {"benign", "malignant"}


@pytest.fixture(scope="module")
def invocations(finished: Finished) -> Iterator[str]:
    """Address at which `mlflow models serve` takes rows for the challenger."""
    command = ["mlflow", "models", "serve", "-m", "models:/regularized-net@challenger"]
    local = Project(
        finished.project.path,
        finished.project.environment | NO_PICKLE | {"MLFLOW_TRACKING_URI": "sqlite:///mlflow.db"},
    )
    with serving(local, *command, "--env-manager", "local", path="/ping") as address:
        yield f"{address}/invocations"


def ask(address: str, body: object, kind: str = "application/json") -> tuple[int, Any]:
    """Status and JSON of the answer to a request."""
    data = body if isinstance(body, str) else json.dumps(body)
    request = urllib.request.Request(address, data.encode(), {"Content-Type": kind})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refusal:
        return refusal.code, json.load(refusal)


def raw_rows(project: Project) -> pd.DataFrame:
    schema = json.loads((project.path / "data/schema.json").read_text())
    names = [column["name"] for column in schema["columns"]]
    return pd.read_parquet(project.path / "data/test.parquet")[names]


def test_served_model_answers_the_same_however_it_is_asked(
    finished: Finished, predictions: dict[str, pd.DataFrame], invocations: str
) -> None:
    rows = raw_rows(finished.project)
    bodies = [
        ({"dataframe_split": rows.to_dict(orient="split", index=False)}, "application/json"),
        ({"dataframe_records": rows.iloc[:, ::-1].to_dict(orient="records")}, "application/json"),
        ({"inputs": rows.to_dict(orient="list")}, "application/json"),
        ({"instances": rows.to_dict(orient="records")}, "application/json"),
        (rows.to_csv(index=False), "text/csv"),
    ]
    loaded = predictions["challenger-straight"]
    for body, kind in bodies:
        status, answer = ask(invocations, body, kind)
        assert status == 200, answer
        served = pd.DataFrame(answer["predictions"])
        assert served["prediction"].tolist() == loaded["prediction"].tolist()
        ours = served["probability_malignant"].astype("float32").tolist()
        assert ours == loaded["probability_malignant"].astype("float32").tolist()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shoe size": 43}, "unknown columns: 'shoe size'. Leave them out."),
        ({"mean radius": "large"}, "column 'mean radius' holds 'large', want a number"),
        ({"mean radius": [1, 2]}, "column 'mean radius' holds [1, 2], want a number"),
        ({"mean radius": ...}, "missing columns: 'mean radius'. Add them"),
    ],
)
def test_served_model_refuses_rows_that_are_wrong(
    finished: Finished, invocations: str, change: dict[str, Any], message: str
) -> None:
    row = raw_rows(finished.project).iloc[0].to_dict() | change
    row = {name: value for name, value in row.items() if value is not ...}
    status, answer = ask(invocations, {"dataframe_records": [row]})
    assert status == 400
    assert message in answer["message"]
    assert "Traceback" not in json.dumps(answer)
