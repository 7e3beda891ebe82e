"""What lands in MLflow, read back as a user would."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest
from mlflow import MlflowClient

from tests.e2e.conftest import Finished, Project, serving

NO_PICKLE = {"MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false"}
# One process for all: starting TensorFlow takes longer than any prediction.
PREDICT = """
import pipeline.training._tensorflow  # starts TensorFlow quietly
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
# These share a server and predictions, so they run in one process.
on_the_model = pytest.mark.xdist_group("the registered model")


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


def test_runs_are_those_of_the_study_and_the_comparison(finished: Finished) -> None:
    client = MlflowClient(f"sqlite:///{finished.project.path}/mlflow.db")
    experiment = client.get_experiment_by_name("breast_cancer")
    assert experiment is not None
    every = client.search_runs([experiment.experiment_id])
    assert {run.info.status for run in every} == {"FINISHED"}
    kinds = sorted(run.data.tags["kind"] for run in every)
    assert kinds == ["baseline", "best", "comparison", "study", *["trial"] * 4]
    of_kind = {run.data.tags["kind"]: run for run in every}
    study, comparison = of_kind["study"], of_kind["comparison"]
    for run in every:
        parent = run.data.tags.get("mlflow.parentRunId")
        if run.data.tags["kind"] == "trial":
            assert parent == study.info.run_id
        if run.data.tags["kind"] in {"best", "baseline"}:
            assert parent == comparison.info.run_id

    trials = pd.read_csv(finished.project.path / "reports/trials.csv").set_index("number")
    for run in every:
        if run.data.tags["kind"] == "trial":
            row = trials.loc[int(run.data.tags["trial"])]
            assert run.data.metrics["cv_log_loss"] == row["cv_log_loss"]
            assert float(run.data.params["dropout"]) == row["dropout"]

    report = json.loads((finished.project.path / "reports/comparison.json").read_text())
    assert report["sentence"] in comparison.data.tags["mlflow.note.content"]
    assert comparison.data.tags["verdict"] == report["verdict"]
    files = {file.path for file in client.list_artifacts(comparison.info.run_id)}
    assert {"comparison.html", "comparison.md", "comparison.json", "figures"} <= files
    inputs = [one.dataset.name for one in study.inputs.dataset_inputs]
    assert sorted(inputs) == ["train", "val"]


def test_both_models_are_registered_with_aliases_and_the_verdict(finished: Finished) -> None:
    client = MlflowClient(f"sqlite:///{finished.project.path}/mlflow.db")
    report = json.loads((finished.project.path / "reports/comparison.json").read_text())
    versions = {}
    for alias in ("challenger", "baseline"):
        version = client.get_model_version_by_alias("regularized-net", alias)
        assert report["sentence"] in version.description
        assert version.tags["verdict"] == report["verdict"]
        versions[alias] = version.version
    assert versions["challenger"] != versions["baseline"]


@on_the_model
@pytest.mark.parametrize(("alias", "kind"), [("challenger", "best"), ("baseline", "baseline")])
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


@on_the_model
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


@on_the_model
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


@on_the_model
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


def test_a_model_says_which_columns_it_takes(finished: Finished) -> None:
    client = MlflowClient(f"sqlite:///{finished.project.path}/mlflow.db")
    version = client.get_model_version_by_alias("regularized-net", "challenger")
    model = client.get_logged_model(version.source.removeprefix("models:/"))
    assert "| mean radius | a number |" in model.tags["mlflow.note.content"]
    assert f"/models/{model.model_id})" in version.description


def test_project_entry_point_runs_the_pipeline_and_links_its_runs(
    fresh: Callable[[], Project],
) -> None:
    project = fresh()
    printed = project.run("mlflow", "run", ".", "--env-manager", "local", "-P", "trials=3")
    assert "registered regularized-net version 1 as challenger" in printed
    assert len(pd.read_csv(project.path / "reports/trials.csv")) == 3
    client = MlflowClient(f"sqlite:///{project.path}/mlflow.db")
    (own,) = client.search_runs(["0"])
    assert own.info.status == "FINISHED"
    assert "comparison" in own.data.tags["mlflow.note.content"]
    experiment = client.get_experiment_by_name("breast_cancer")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id])
    assert len(runs) == 7
    assert {run.data.tags["project_run"] for run in runs} == {own.info.run_id}
    assert own.info.run_id not in {run.data.tags.get("mlflow.parentRunId") for run in runs}


def test_project_entry_point_refuses_a_bad_number(copied: Project) -> None:
    command = [sys.executable, "-m", "pipeline.commands.mlproject", "--trials", "many"]
    assert "trials is 'many', want a whole number >= 1" in copied.run(*command, code=1)
