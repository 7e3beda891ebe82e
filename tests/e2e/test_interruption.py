"""Kill it anywhere, start it again: the result is the one it would have had."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from mlflow import MlflowClient

from tests.e2e.conftest import Finished, Project

TUNE = [sys.executable, "-m", "pipeline.stages.tune"]
EXIT_S = 5


def forget_the_study(project: Project) -> None:
    for file in [*(project.path / ".state").glob("optuna.db*"), project.path / "mlflow.db"]:
        file.unlink()
    (project.path / "reports/trials.csv").unlink()


def start_tune(project: Project) -> subprocess.Popen[str]:
    return subprocess.Popen(
        TUNE,
        cwd=project.path,
        env=project.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(project: Project, process: subprocess.Popen[str], after_s: float) -> None:
    """Until the study's database is there and some more time has passed."""
    while not (project.path / ".state/optuna.db").exists() and process.poll() is None:
        time.sleep(0.01)
    time.sleep(after_s)


def assert_as_undisturbed(project: Project, finished: Finished) -> None:
    for name in ("trials.csv", "best.json"):
        ours = (project.path / "reports" / name).read_bytes()
        assert ours == (finished.project.path / "reports" / name).read_bytes()
    client = MlflowClient(f"sqlite:///{project.path}/mlflow.db")
    experiment = client.get_experiment_by_name("breast_cancer")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id])
    assert {run.info.status for run in runs} == {"FINISHED"}
    trials = sorted(run.data.tags["trial"] for run in runs if run.data.tags["kind"] == "trial")
    assert trials == ["0", "1", "2", "3"]
    assert len(runs) == 5


def test_killed_study_ends_as_if_undisturbed(copied: Project, finished: Finished) -> None:
    forget_the_study(copied)
    for after_s in (0.05, 1.5, 3.0, 4.0):
        tune = start_tune(copied)
        wait_for(copied, tune, after_s)
        tune.send_signal(signal.SIGKILL)
        # Which ends when nobody holds its end of the pipe: the writer to MLflow is gone, too.
        tune.communicate(timeout=EXIT_S)
    copied.stage("tune")
    assert_as_undisturbed(copied, finished)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_a_study_within_seconds(
    copied: Project, finished: Finished, number: signal.Signals
) -> None:
    forget_the_study(copied)
    tune = start_tune(copied)
    wait_for(copied, tune, 0.5)
    asked = time.monotonic()
    tune.send_signal(number)
    _, printed = tune.communicate(timeout=30)
    assert time.monotonic() - asked < EXIT_S
    assert tune.returncode == 128 + number
    assert f"Stopped by {number.name}." in printed
    assert "Traceback" not in printed
    copied.stage("tune")
    assert_as_undisturbed(copied, finished)


def test_signal_ends_a_stage_that_is_still_importing(copied: Project) -> None:
    tune = start_tune(copied)
    # SIGTERM is caught: the interpreter has come as far as the package of stages, if no further.
    while not _catches(tune.pid, signal.SIGTERM) and tune.poll() is None:
        time.sleep(0.005)
    tune.send_signal(signal.SIGINT)
    _, printed = tune.communicate(timeout=30)
    assert tune.returncode == 128 + signal.SIGINT
    assert "Stopped by SIGINT." in printed
    assert "Traceback" not in printed


def _catches(pid: int, number: signal.Signals) -> bool:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("SigCgt:"):
            return bool(int(line.split()[1], 16) >> (number - 1) & 1)
    return False


def test_second_study_is_refused_while_one_runs(copied: Project) -> None:
    forget_the_study(copied)
    tune = start_tune(copied)
    try:
        wait_for(copied, tune, 0)
        # Held still, so that it cannot end before the other one asks.
        tune.send_signal(signal.SIGSTOP)
        printed = copied.stage("tune", code=1)
        assert f"held by process {tune.pid} since" in printed
    finally:
        tune.kill()
        tune.communicate()


def test_outage_of_mlflow_stops_no_study_and_sync_catches_up(
    copied: Project, finished: Finished
) -> None:
    forget_the_study(copied)
    printed = copied.stage("tune", MLFLOW_TRACKING_URI="http://127.0.0.1:9")
    # The writer may still wait for the server when the stage has waited long enough for the writer.
    troubles = ("does not answer", "MLflow is slow", "MLflow was not written")
    assert sum(map(printed.count, troubles)) == 1, printed
    assert printed.count("make sync") == 1
    assert "`make sync` writes what MLflow lacks." in printed
    assert "Retrying" not in printed
    assert not (copied.path / "mlflow.db").exists()
    assert "MLflow has all 4 finished trials" in copied.command("sync")
    assert_as_undisturbed(copied, finished)


def test_corrupt_study_database_is_named_and_kept(copied: Project) -> None:
    database = copied.path / ".state/optuna.db"
    database.write_bytes(b"\0" * 4096)
    printed = copied.stage("tune", code=1)
    assert ".state/optuna.db: cannot be used as the study database" in printed
    assert "Traceback" not in printed
    assert database.read_bytes() == b"\0" * 4096


def test_comparison_without_mlflow_stops_with_one_message(copied: Project) -> None:
    printed = copied.stage("compare", code=1, MLFLOW_TRACKING_URI="http://127.0.0.1:9")
    assert "ERROR: MLflow at http://127.0.0.1:9 does not answer" in printed
    assert "Traceback" not in printed
