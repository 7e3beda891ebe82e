from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient

from pipeline.config.errors import InputError
from pipeline.tracking.store import blank
from pipeline.tracking.store.client import connect
from pipeline.tracking.store.local import open_local, relocate


@pytest.fixture
def checkout(client: MlflowClient, tmp_path: Path) -> Path:
    """A folder whose database knows a run with an artifact, made there."""
    experiment = client.create_experiment("toy")
    run = client.create_run(experiment)
    client.log_text(run.info.run_id, "kept", "note.txt")
    return tmp_path


def artifact(folder: Path) -> str:
    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    experiment = client.get_experiment_by_name("toy")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id])
    assert experiment.artifact_location == f"{folder}/mlruns/{experiment.experiment_id}"
    return Path(client.download_artifacts(run.info.run_id, "note.txt")).read_text()


def test_a_new_database_is_migrated_once_and_knows_its_own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blank, "BLANK", tmp_path / "environment" / "blank.db")
    blank.BLANK.parent.mkdir()
    for name in ("one", "other"):
        folder = tmp_path / name
        folder.mkdir()
        monkeypatch.chdir(folder)
        open_local(f"sqlite:///{folder}/mlflow.db")
        default = MlflowClient(f"sqlite:///{folder}/mlflow.db").get_experiment("0")
        assert default.artifact_location == f"{folder}/mlruns/0"
        assert [path.name for path in blank.BLANK.parent.iterdir()] == ["blank.db"]
        # As MLflow makes it, and not again for the second.
        monkeypatch.setattr(blank, "_migrate", None)


def test_artifacts_are_found_in_a_moved_checkout(checkout: Path) -> None:
    moved = checkout.with_name(f"{checkout.name} moved 100%_")
    checkout.rename(moved)
    assert relocate(moved / "mlflow.db")
    assert artifact(moved) == "kept"
    assert not relocate(moved / "mlflow.db")
    moved.rename(checkout)


def test_a_copy_uses_its_own_artifacts(checkout: Path, tmp_path: Path) -> None:
    copy = tmp_path.with_name(f"{tmp_path.name}-copy")
    shutil.copytree(checkout, copy)
    relocate(copy / "mlflow.db")
    (checkout / "mlruns").rename(checkout / "hidden")
    assert artifact(copy) == "kept"


def test_artifacts_that_lie_elsewhere_stay_there(checkout: Path, tmp_path: Path) -> None:
    """Only the database was moved: its artifacts are where they were."""
    elsewhere = tmp_path.with_name(f"{tmp_path.name}-database")
    elsewhere.mkdir()
    shutil.copy(checkout / "mlflow.db", elsewhere)
    (checkout / "mlruns/0").mkdir(parents=True)
    assert not relocate(elsewhere / "mlflow.db")


def test_artifacts_of_a_store_in_the_cloud_stay_there(checkout: Path) -> None:
    client = MlflowClient(f"sqlite:///{checkout}/mlflow.db")
    client.create_experiment("far", artifact_location="s3://bucket/mlruns/2")
    moved = checkout.with_name(f"{checkout.name}-moved")
    checkout.rename(moved)
    relocate(moved / "mlflow.db")
    far = MlflowClient(f"sqlite:///{moved}/mlflow.db").get_experiment_by_name("far")
    assert far is not None
    assert far.artifact_location == "s3://bucket/mlruns/2"
    moved.rename(checkout)


def test_foreign_database_is_named_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "mlflow.db"
    file.write_bytes(b"\1" * 4096)
    with pytest.raises(InputError, match="cannot be used as MLflow's database"):
        relocate(file)
    assert file.read_bytes() == b"\1" * 4096


def test_new_database_appears_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mlflow.db.draft").write_bytes(b"half of one")
    mlflow.set_tracking_uri("sqlite:///mlflow.db")
    connect().create_experiment("toy")
    assert [file.name for file in tmp_path.glob("mlflow.db*")] == ["mlflow.db"]


def test_command_corrects_the_default_database(checkout: Path) -> None:
    moved = checkout.with_name(f"{checkout.name}-moved")
    checkout.rename(moved)
    root = Path(__file__).parents[3]
    command = [sys.executable, "-m", "pipeline.commands.relocate"]
    environment = {"PYTHONPATH": str(root), "PATH": os.environ["PATH"]}
    subprocess.run(command, cwd=moved, env=environment, check=True)
    assert artifact(moved) == "kept"
    moved.rename(checkout)
