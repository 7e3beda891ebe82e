"""A number, from the named source to a served interval, a champion and its challenger."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable

import pytest

from .conftest import Project

ASK = """
import json, sys, mlflow.pyfunc
import pandas as pd
from pipeline.tracking.store.client import connect
connect()
model = mlflow.pyfunc.load_model("models:/regularized-net@champion")
rows = pd.read_parquet("data/test.parquet").drop(columns="progression")
rows.loc[0, "bmi"] = None
json.dump(model.predict(rows).to_dict("records"), open(sys.argv[1], "w"))
"""


def table(project: Project, name: str) -> list[dict[str, str]]:
    text = (project.path / f"reports/{name}.csv").read_text()
    return list(csv.DictReader(text.splitlines()))


@pytest.fixture(scope="module")
def project(fresh: Callable[[], Project]) -> Project:
    project = fresh()
    project.edit("source: breast_cancer", "source: diabetes")
    project.edit("  curve_points: 2", "  curve_points: 0")
    project.run("git", "commit", "-qam", "Predict a number")
    return project


def test_a_number_runs_from_source_to_champion(project: Project) -> None:
    printed = project.run("dvc", "repro")
    assert "predicted as a number (regression); to take each" in printed
    assert "data.task: classification" in printed
    assert "Promoted: version" in printed, (project.path / "reports/gate.md").read_text()

    trials = table(project, "trials")
    assert len(trials) == 4
    best = min(float(trial["cv_squared_error"]) for trial in trials)
    report = json.loads((project.path / "reports/comparison.json").read_text())
    assert list(report["metrics"]) == ["rmse", "mae", "r2", "median_error", "squared_error"]
    assert report["data"]["classes"] == []
    # Better than the mean guess, by cross-validation, by evaluation and on test.
    peers = {peer["name"]: peer["squared_error"] for peer in report["evaluation"]["peers"]}
    assert set(peers) == {"mean", "linear", "boosting"}
    assert best < peers["mean"]
    assert report["evaluation"]["arms"][1]["squared_error"] < peers["mean"]
    assert report["tuned"]["test"]["r2"] > 0

    coverage = report["quality"]["number"]["coverage"]
    rows = table(project, "predictions")
    held = [float(r["tuned_low"]) <= float(r["actual"]) <= float(r["tuned_high"]) for r in rows]
    assert coverage["covered"]["estimate"] == pytest.approx(sum(held) / len(held))
    assert coverage["covered"]["high"] > coverage["level"]
    page = (project.path / "reports/comparison.html").read_text()
    assert "split-conformal" in page
    assert "log loss" not in page


def test_plots_of_a_number_are_shown_without_a_word_of_what_is_missing(project: Project) -> None:
    printed = project.run("dvc", "plots", "show", "--json")
    assert printed.startswith("{")
    answered = json.loads(printed)
    assert not answered.get("errors")
    shown = {name for name, plots in answered["data"].items() if plots}
    assert shown == {"Trials", "Learning curves", "Predicted against actual", "Errors"}


def test_champion_serves_a_number_with_its_interval(project: Project) -> None:
    answer = project.path / "answer.json"
    project.run(sys.executable, "-c", ASK, str(answer))
    rows = json.loads(answer.read_text())
    answer.unlink()
    served = table(project, "predictions")
    assert len(rows) == len(served)
    assert all(row["low"] < row["prediction"] < row["high"] for row in rows)
    # All but the row with a gap are those of the report.
    for row, reported in list(zip(rows, served, strict=True))[1:]:
        assert row["prediction"] == pytest.approx(float(reported["tuned_prediction"]))
        assert row["high"] == pytest.approx(float(reported["tuned_high"]))


def test_another_network_is_judged_beside_the_champion(project: Project) -> None:
    project.edit("units: 24", "units: 20")
    project.run("git", "commit", "-qam", "Make the network smaller")
    project.run("dvc", "repro")
    gate = json.loads((project.path / "reports/gate.json").read_text())
    assert gate["outcome"] in ("promoted", "refused")
    checks = {check["name"]: check for check in gate["checks"]}
    contest = checks["RMSE, challenger minus champion"]
    assert "of the champion's)" in contest["wanted"]
    assert checks["R²"]["wanted"] == "at least 0"
    assert "RMSE of the worst slice" in checks
    assert "Calibration error" not in checks
    assert set(gate["metrics"]) == {"challenger", "champion"}
    assert gate["metrics"]["champion"]["rmse"] > 0


def test_commands_work_for_a_number(project: Project) -> None:
    assert "champion" in project.command("status")
    project.command("sync")
    assert "new rows" in project.command("drift")
