"""A finished checkout that is moved, renamed or copied loses nothing of what MLflow knows."""

from __future__ import annotations

import json
import sys
import urllib.parse
import urllib.request

import pandas as pd
from mlflow import MlflowClient

from tests.e2e.conftest import Project, serving

LOAD = """
import mlflow
model = mlflow.pyfunc.load_model("models:/regularized-net@challenger")
print(len(model.metadata.metadata["columns"]))
"""


def test_moved_checkout_loads_shows_and_goes_on(copied: Project) -> None:
    copied.edit("trials: 4", "trials: 6")
    moved = Project(copied.path.with_name("moved & renamed"), copied.environment)
    # The run it is a copy of stays where it was, so nothing may be read from there.
    copied.path.rename(moved.path)
    uri = f"sqlite:///{moved.path}/mlflow.db"
    original = MlflowClient(uri).get_experiment_by_name("breast_cancer")
    assert original is not None
    assert not original.artifact_location.startswith(str(moved.path))

    moved.run(sys.executable, "-m", "pipeline.commands.relocate")
    printed = moved.run(sys.executable, "-c", LOAD, MLFLOW_TRACKING_URI="sqlite:///mlflow.db")
    assert printed.splitlines()[-1] == "30"

    client = MlflowClient(uri)
    version = client.get_model_version_by_alias("regularized-net", "challenger")
    assert client.get_model_version_download_uri("regularized-net", version.version).startswith(
        str(moved.path)
    )
    (study,) = client.search_runs([original.experiment_id], "tags.kind = 'study'")
    command = ["mlflow", "server", "--workers", "1", "--backend-store-uri", "sqlite:///mlflow.db"]
    with serving(moved, *command) as address:
        asked = urllib.parse.urlencode({"run_uuid": study.info.run_id, "path": "best.json"})
        with urllib.request.urlopen(f"{address}/get-artifact?{asked}", timeout=60) as answer:
            assert json.load(answer)["study"] == study.data.tags["study"]

    moved.run("dvc", "repro", "tune")
    assert len(pd.read_csv(moved.path / "reports/trials.csv")) == 6
    trials = client.search_runs([original.experiment_id], "tags.kind = 'trial'")
    assert sorted(run.data.tags["trial"] for run in trials) == list("012345")
    assert {run.info.artifact_uri.split("/mlruns/")[0] for run in trials} == {str(moved.path)}
