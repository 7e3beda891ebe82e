"""What lands in MLflow, read back as a user would."""

from __future__ import annotations

import json
import sys

import pandas as pd
from mlflow import MlflowClient

from tests.e2e.conftest import Finished, Project


def test_runs_are_those_of_study_evaluation_and_comparison(finished: Finished) -> None:
    client = MlflowClient(f"sqlite:///{finished.project.path}/mlflow.db")
    experiment = client.get_experiment_by_name("breast_cancer")
    assert experiment is not None
    every = client.search_runs([experiment.experiment_id])
    assert {run.info.status for run in every} == {"FINISHED"}
    kinds = sorted(run.data.tags["kind"] for run in every)
    assert kinds == ["baseline", "comparison", "evaluation", "study", *["trial"] * 4, "tuned"]
    of_kind = {run.data.tags["kind"]: run for run in every}
    study, comparison = of_kind["study"], of_kind["comparison"]
    for run in every:
        parent = run.data.tags.get("mlflow.parentRunId")
        if run.data.tags["kind"] == "trial":
            assert parent == study.info.run_id
        if run.data.tags["kind"] in {"tuned", "baseline"}:
            assert parent == comparison.info.run_id

    trials = pd.read_csv(finished.project.path / "reports/trials.csv").set_index("number")
    for run in every:
        if run.data.tags["kind"] == "trial":
            row = trials.loc[int(run.data.tags["trial"])]
            assert run.data.metrics["cv_log_loss"] == row["cv_log_loss"]
            assert float(run.data.params["dropout"]) == row["dropout"]

    assert of_kind["evaluation"].data.tags["study"] == study.data.tags["study"]
    report = json.loads((finished.project.path / "reports/comparison.json").read_text())
    assert report["sentence"] in comparison.data.tags["mlflow.note.content"]
    assert comparison.data.tags["verdict"] == report["verdict"]
    files = {file.path for file in client.list_artifacts(comparison.info.run_id)}
    assert {"comparison.html", "comparison.md", "comparison.json", "figures", "tables"} <= files
    tables = {file.path for file in client.list_artifacts(comparison.info.run_id, "tables")}
    assert {"tables/arms.csv", "tables/metrics.csv", "tables/further.csv"} == tables
    # MLflow draws a chart for each metric.
    assert all(len(run.data.metrics) < 12 for run in (study, comparison, of_kind["evaluation"]))
    digests = {run.info.run_name.split()[1].rstrip(",") for run in (study, comparison)}
    assert len(digests) == 2
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


def test_a_model_says_which_columns_it_takes(finished: Finished) -> None:
    client = MlflowClient(f"sqlite:///{finished.project.path}/mlflow.db")
    version = client.get_model_version_by_alias("regularized-net", "challenger")
    model = client.get_logged_model(version.source.removeprefix("models:/"))
    assert "| mean radius | a number |" in model.tags["mlflow.note.content"]
    assert f"/models/{model.model_id})" in version.description


def test_project_entry_point_tries_another_setting_and_changes_no_file(copied: Project) -> None:
    copied.run("dvc", "config", "--local", "core.site_cache_dir", f"{copied.path}/.state/dvc")
    before = {name: (copied.path / name).read_bytes() for name in ("params.yaml", "dvc.lock")}
    client = MlflowClient(f"sqlite:///{copied.path}/mlflow.db")
    run = ["mlflow", "run", ".", "--env-manager", "local", "--experiment-name", "breast_cancer"]
    printed = copied.run(*run, "-P", "trials=5")
    assert "4 of 5 trials are there already" in printed
    assert {name: (copied.path / name).read_bytes() for name in before} == before
    # No stray run in MLflow's default experiment.
    assert client.search_runs(["0"]) == []
    experiment = client.get_experiment_by_name("breast_cancer")
    assert experiment is not None
    (own,) = client.search_runs(
        [experiment.experiment_id], "tags.mlflow.source.type = 'PROJECT' and params.trials = '5'"
    )
    assert own.info.status == "FINISHED"
    assert "[comparison " in own.data.tags["mlflow.note.content"]
    made = client.search_runs([experiment.experiment_id], f"tags.project_run = '{own.info.run_id}'")
    kinds = {run.data.tags["kind"] for run in made}
    assert {"baseline", "tuned", "comparison", "trial"} <= kinds
    assert own.info.run_id not in {run.data.tags.get("mlflow.parentRunId") for run in made}
    assert len(client.search_model_versions("name = 'regularized-net'")) == 2


def test_project_entry_point_refuses_a_bad_number(copied: Project) -> None:
    command = [sys.executable, "-m", "pipeline.commands.mlproject", "--trials", "many"]
    assert "trials is 'many', want a whole number >= 1" in copied.run(*command, code=1)
