"""MLflow's environment: untouched by imports, settled on first use, each in its own process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow import MlflowClient

from pipeline.tracking.store import environment

ROOT = Path(__file__).parents[3]
# What other packages set as they are imported is theirs.
IMPORTS = """
import importlib, json, logging, os, pkgutil
import mlflow, sklearn

def levels():
    return {name: logger.level for name, logger in logging.root.manager.loggerDict.items()
            if isinstance(logger, logging.Logger) and name.startswith(("mlflow", "alembic"))}

before, loud = dict(os.environ), levels()
import pipeline.tracking
walk = pkgutil.walk_packages(pipeline.tracking.__path__, "pipeline.tracking.")
names = [module.name for module in walk]
for name in names:
    importlib.import_module(name)
after = dict(os.environ)
print(json.dumps({
    "modules": len(names),
    "environment": sorted(k for k in before | after if before.get(k) != after.get(k)),
    "levels": sorted(k for k, level in loud.items() if levels()[k] != level),
}))
"""
CONNECT = """
import json, logging, os
import mlflow
from mlflow.telemetry import get_telemetry_client
from pipeline.tracking.store.client import connect, run_tags

at_first = get_telemetry_client() is not None
connect()
with mlflow.start_run() as run:
    pass
print(json.dumps({
    "telemetry": [at_first, get_telemetry_client() is not None],
    "environment": {k: v for k, v in os.environ.items() if "MLFLOW" in k or "PIPELINE" in k},
    "levels": [logging.getLogger(name).level
               for name in ("mlflow", "alembic", "mlflow.utils.environment")],
    "run": run.info.run_id,
    "tags": run_tags("study", "toy"),
}))
"""


def seen_by(code: str, folder: Path, **variables: str) -> dict[str, Any]:
    """What a fresh process in a folder prints, which has these variables and none of MLflow's."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=kept | {"PYTHONPATH": str(ROOT)} | variables,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    printed: dict[str, Any] = json.loads(done.stdout)
    return printed


def test_importing_changes_neither_the_environment_nor_loggers(tmp_path: Path) -> None:
    seen = seen_by(IMPORTS, tmp_path, MLFLOW_RUN_ID="abc")
    assert seen["modules"] > 15
    assert seen["environment"] == []
    assert seen["levels"] == []


def test_first_use_settles_what_the_user_left_open(tmp_path: Path) -> None:
    seen = seen_by(CONNECT, tmp_path, MLFLOW_HTTP_REQUEST_TIMEOUT="7", MLFLOW_TRACKING_URI="")
    # MLflow's own default is to report usage, and it had been imported before.
    assert seen["telemetry"] == [True, False]
    wanted = dict(environment.DEFAULTS) | {"MLFLOW_HTTP_REQUEST_TIMEOUT": "7"}
    assert seen["environment"] == wanted
    assert seen["levels"] == [30, 30, 40]
    assert (tmp_path / "mlflow.db").is_file()


def test_nothing_is_logged_into_the_run_of_mlflow_run_and_the_link_is_kept(
    client: MlflowClient, tmp_path: Path
) -> None:
    project = client.create_run("0").info.run_id
    seen = seen_by(CONNECT, tmp_path, MLFLOW_RUN_ID=project)
    assert seen["run"] != project
    assert seen["tags"]["project_run"] == project
    assert "MLFLOW_RUN_ID" not in seen["environment"]
    # The processes that it starts are part of the same project run.
    handed_on = {name: text for name, text in seen["environment"].items() if "PIPELINE" in name}
    assert seen_by(CONNECT, tmp_path, **handed_on)["tags"]["project_run"] == project


def test_a_percent_sign_in_the_path_of_the_environment_is_told_at_once(tmp_path: Path) -> None:
    packages = tmp_path / "50% off"
    packages.symlink_to(Path(mlflow.__file__).parents[1], target_is_directory=True)
    for module in ("pipeline.tracking.store.blank", "pipeline.commands.status"):
        done = subprocess.run(
            [sys.executable, "-m", module],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(packages)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        (line,) = done.stderr.splitlines()
        assert line.startswith(f"ERROR: {packages}/mlflow: the path has a %, with which")
        # A server opens its database itself.
    address = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9", "PYTHONPATH": f"{ROOT}:{packages}"}
    code = "from pipeline.tracking.store.client import connect; connect()"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=address, check=True)


@pytest.mark.parametrize(
    ("address", "local"),
    [("", True), (" ", True), ("sqlite:///x.db", True), ("http://127.0.0.1:5000", False)],
)
def test_address_that_is_empty_is_the_database_beside(
    address: str, local: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    assert environment.is_local() is local
