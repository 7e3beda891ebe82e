"""The stage `evaluate` on a real run: killed anywhere, it ends as if it had been left alone."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Run

from pipeline.evaluation.answer import answer
from pipeline.evaluation.result import read_evaluation
from tests.e2e.conftest import Finished, Project

EVALUATE = [sys.executable, "-m", "pipeline.stages.evaluate"]
OUTPUTS = ("reports/evaluate.json", "reports/evaluate_losses.parquet", "metrics/evaluate.json")
WAIT_S = 120


def forget_the_evaluation(project: Project) -> None:
    shutil.rmtree(project.path / ".state/evaluation")
    (project.path / "mlflow.db").unlink()
    for name in OUTPUTS:
        (project.path / name).unlink()


def kept_folds(project: Project) -> list[Path]:
    return list((project.path / ".state/evaluation").glob("*/*.json"))


def evaluation_runs(project: Project) -> list[Run]:
    client = MlflowClient(f"sqlite:///{project.path}/mlflow.db")
    experiment = client.get_experiment_by_name("breast_cancer")
    assert experiment is not None
    return list(client.search_runs([experiment.experiment_id], "tags.kind = 'evaluation'"))


def kill_after(project: Project, folds: int) -> None:
    """Start the stage, and kill it as soon as this many outer folds are kept."""
    process = subprocess.Popen(
        EVALUATE, cwd=project.path, env=project.environment, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + WAIT_S
    while len(kept_folds(project)) < folds and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_killed_evaluation_ends_as_if_undisturbed(copied: Project, finished: Finished) -> None:
    forget_the_evaluation(copied)
    for folds in (1, 3):
        kill_after(copied, folds)
        assert len(kept_folds(copied)) >= folds
    printed = copied.stage("evaluate")
    assert "of 6 outer folds are there already" in printed
    for name in OUTPUTS:
        ours = (copied.path / name).read_bytes()
        assert ours == (finished.project.path / name).read_bytes(), name
    for _ in range(2):
        (run,) = evaluation_runs(copied)
        assert run.info.status == "FINISHED"
        copied.stage("evaluate")


def test_run_in_mlflow_says_what_the_file_says(finished: Finished) -> None:
    record = json.loads((finished.project.path / "reports/evaluate.json").read_text())
    (run,) = evaluation_runs(finished.project)
    assert run.data.tags["verdict"] == record["verdict"]
    assert run.data.tags["dvc_stage"] == "evaluate"
    mix = record["arms"][1]["difference"]["log_loss"]
    assert run.data.metrics["log_loss_difference"] == mix["estimate"]
    client = MlflowClient(f"sqlite:///{finished.project.path}/mlflow.db")
    steps = client.get_metric_history(run.info.run_id, "fold_tuned_log_loss")
    assert [step.value for step in steps] == [fold["tuned"] for fold in record["folds"]]
    files = [file.path for file in client.list_artifacts(run.info.run_id)]
    assert files == ["arms.csv", "evaluate.json"]


def test_losses_are_those_of_the_rows(finished: Finished) -> None:
    losses = pd.read_parquet(finished.project.path / "reports/evaluate_losses.parquet")
    record = json.loads((finished.project.path / "reports/evaluate.json").read_text())
    counts = losses.groupby(["arm", "repeat"])["row"].agg(["size", "nunique"])
    assert (counts == record["rows"]).all(axis=None)
    split = json.loads((finished.project.path / "data/split.json").read_text())
    assert record["rows"] == sum(split["roles"][role]["rows"] for role in ("train", "val"))
    evaluation = read_evaluation(finished.project.path / "reports/evaluate.json")
    assert evaluation is not None
    assert answer(evaluation) in finished.printed


def test_raised_repeats_compute_only_the_new_ones(copied: Project) -> None:
    before = json.loads((copied.path / "reports/evaluate.json").read_text())
    copied.edit("  repeats: 2", "  repeats: 3")
    printed = copied.stage("evaluate")
    assert "6 of 9 outer folds are there already" in printed
    after = json.loads((copied.path / "reports/evaluate.json").read_text())
    assert after["repeats"][:2] == before["repeats"]
    assert after["folds"][:6] == before["folds"]


def test_evaluation_can_be_switched_off(copied: Project) -> None:
    copied.edit("  folds: 3\n  # Times", "  folds: 0\n  # Times")
    copied.stage("evaluate")
    assert (copied.path / "reports/evaluate.json").read_text() == "null\n"
    assert pd.read_parquet(copied.path / "reports/evaluate_losses.parquet").empty
    assert "not evaluated" in (copied.path / "metrics/evaluate.json").read_text()


def test_too_many_folds_are_refused_in_one_line(copied: Project) -> None:
    copied.edit("  inner_folds: 2", "  inner_folds: 50")
    copied.edit("  folds: 3\n  # Times", "  folds: 50\n  # Times")
    copied.edit("  rows: 5000", "  rows: 100")
    printed = copied.stage("evaluate", code=1)
    assert len(printed.strip().splitlines()) == 1
    assert re.search(r"ERROR: evaluate: train and val have \d+ different rows of class", printed)
    assert re.search(r"Lower evaluate\.folds to \d+ and evaluate\.inner_folds to \d+", printed)


def test_evaluation_without_mlflow_stops_with_one_message(copied: Project) -> None:
    printed = copied.stage("evaluate", code=1, MLFLOW_TRACKING_URI="http://127.0.0.1:9")
    assert "ERROR: MLflow at http://127.0.0.1:9 does not answer" in printed
    assert "Traceback" not in printed
