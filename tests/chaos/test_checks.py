from __future__ import annotations

import sqlite3
from collections import Counter
from dataclasses import replace
from pathlib import Path

from mlflow import MlflowClient

from chaos.checks import State, difference, state

UNDISTURBED = State(
    files=Counter({"params.yaml": 1, "mlruns/1/*/note.txt": 2}),
    outputs={"reports/trials.csv": b"number,state\n0,complete\n1,complete\n"},
    runs=Counter({"toy / trial-000 (FINISHED)": 1, "toy / trial-001 (FINISHED)": 1}),
    tracked=Counter({"trial-000: params: l1 0.1": 1}),
)


def test_equal_states_have_no_difference() -> None:
    assert difference(UNDISTURBED, UNDISTURBED).none


def test_lost_trial_and_its_run_are_counted() -> None:
    found = difference(
        replace(
            UNDISTURBED,
            outputs={"reports/trials.csv": b"number,state\n0,complete\n"},
            runs=Counter({"toy / trial-000 (FINISHED)": 1}),
        ),
        UNDISTURBED,
    )
    assert (found.lost, found.doubled) == (2, 0)
    assert "other bytes: reports/trials.csv" in found.rest


def test_doubled_run_and_run_left_running_are_counted() -> None:
    runs = UNDISTURBED.runs + Counter({"toy / trial-000 (FINISHED)": 1})
    assert difference(replace(UNDISTURBED, runs=runs), UNDISTURBED).doubled == 1
    runs = Counter({"toy / trial-000 (RUNNING)": 1, "toy / trial-001 (FINISHED)": 1})
    found = difference(replace(UNDISTURBED, runs=runs), UNDISTURBED)
    assert (found.lost, found.doubled) == (1, 1)


def test_stray_file_and_missing_parameter_are_told() -> None:
    files = UNDISTURBED.files + Counter({"reports/.best.json.7.draft": 1})
    found = difference(replace(UNDISTURBED, files=files, tracked=Counter()), UNDISTURBED)
    assert "file too many: reports/.best.json.7.draft" in found.rest
    assert "in MLflow missing: trial-000: params: l1 0.1" in found.rest
    assert not found.none


def test_state_is_read_from_the_disk(tmp_path: Path) -> None:
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports/trials.csv").write_text("number\n0\n")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/HEAD").write_text("ref")
    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    experiment = client.create_experiment("toy", artifact_location=f"{tmp_path}/mlruns/1")
    parent = client.create_run(experiment, run_name="study")
    tags = {"mlflow.parentRunId": parent.info.run_id, "kind": "trial"}
    child = client.create_run(experiment, tags=tags, run_name="trial-000")
    client.log_metric(child.info.run_id, "loss", 0.5, step=3)
    client.log_text(child.info.run_id, "text", "note.txt")
    client.set_terminated(child.info.run_id)

    found = state(tmp_path)
    assert found.runs == Counter({"study (RUNNING)": 1, "study / trial-000 (FINISHED)": 1})
    assert found.tracked["study / trial-000: metrics: loss 0.5 3 0"] == 1
    assert found.tracked["study / trial-000: tags: kind trial"] == 1
    assert found.outputs == {"reports/trials.csv": b"number\n0\n"}
    assert found.files["mlruns/1/*/artifacts/note.txt"] == 1
    assert not any(name.startswith(".git") for name in found.files)

    client.delete_run(child.info.run_id)
    assert state(tmp_path).runs == Counter({"study (RUNNING)": 1})
    with sqlite3.connect(tmp_path / "mlflow.db") as connection:
        connection.execute("update runs set status = 'FINISHED'")
    connection.close()
    assert state(tmp_path).runs == Counter({"study (FINISHED)": 1})
