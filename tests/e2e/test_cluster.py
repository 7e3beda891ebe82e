"""Stages that train on a cluster leave the bytes that they leave on one machine."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from ruamel.yaml import YAML

from pipeline.cluster.settings import ADDRESS
from pipeline.commands.postgres import NOT_INSTALLED, installed
from tests.e2e.conftest import Finished, Project
from tests.local_cluster import started

SAME = (
    "reports/trials.csv",
    "reports/best.json",
    "reports/evaluate.json",
    "reports/evaluate_losses.parquet",
    "reports/comparison.json",
    "reports/predictions.csv",
    "metrics/tune.json",
    "metrics/evaluate.json",
    "metrics/compare.json",
)


def test_pipeline_gives_the_same_bytes(
    finished: Finished, fresh: Callable[[], Project], tmp_path: Path
) -> None:
    project = fresh()
    with started(tmp_path) as cluster:
        cluster.join("a")
        cluster.join("b")
        cluster.wait_for(2)
        printed = project.run("dvc", "repro", "compare", **{ADDRESS: cluster.address})
        computed = cluster.printed()
    assert printed.count(f"training on the cluster at {cluster.address}, 2 threads") == 3, printed
    assert "Traceback" not in printed + computed
    for path in SAME:
        assert (project.path / path).read_bytes() == (finished.project.path / path).read_bytes()
    ours, theirs = (_locked(each) for each in (project, finished.project))
    for stage in ("fetch", "split", "tune", "evaluate"):
        assert ours[stage] == theirs[stage]


def _locked(project: Project) -> dict[str, object]:
    stages: dict[str, object] = YAML(typ="safe").load(project.path / "dvc.lock")["stages"]
    return stages


def test_all_servers_at_once(finished: Finished, tmp_path: Path) -> None:
    """`make cluster`: PostgreSQL, S3 and MLflow beside Dask's workers; all of it ends."""
    if not installed():
        pytest.skip(NOT_INSTALLED)
    project = finished.copy(tmp_path / "project")
    printed = project.run(sys.executable, "-m", "pipeline.commands.cluster")
    assert "reports/trials.csv: the same bytes as in this project" in printed
    made = project.path / ".state/cluster"
    for path in SAME:
        assert (made / "project" / path).read_bytes() == (project.path / path).read_bytes()
    # Models went to MLflow and all outputs to DVC's remote, both in S3; the study to PostgreSQL.
    stored = (made / "s3.log").read_text()
    assert '"PUT /mlflow/' in stored
    assert '"PUT /dvc/files/md5/' in stored
    for place in (".state/optuna.db", "mlflow.db", "mlruns"):
        assert not (made / "project" / place).exists()
    assert not _running(made)
    assert "postgresql://" not in printed
    _assert_no_password(made)


def test_interrupted_cluster_leaves_nothing_running(finished: Finished, tmp_path: Path) -> None:
    if not installed():
        pytest.skip(NOT_INSTALLED)
    project = finished.copy(tmp_path / "project")
    command = [sys.executable, "-m", "pipeline.commands.cluster"]
    with subprocess.Popen(
        command, cwd=project.path, env=project.environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        for line in process.stdout:
            if "training on the cluster" in line:
                break
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
    assert process.returncode == 128 + signal.SIGINT, rest
    assert "Traceback" not in rest
    assert not _running(project.path / ".state/cluster")


def _running(folder: Path) -> list[str]:
    """Return the commands of the processes that were started in or for a folder."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        command, place = process.info["cmdline"] or [], process.info["cwd"] or ""
        if str(folder) in " ".join(command) or place.startswith(str(folder)):
            found.append(" ".join(command))
    return found


def _assert_no_password(folder: Path) -> None:
    """Passwords are random, so no text beside an address of PostgreSQL may stand in any file."""
    for path in folder.rglob("*"):
        if path.is_file() and ".git/" not in str(path):
            assert not re.search(rb"postgresql://pipeline:[^*@]+@127", path.read_bytes()), path
