"""The environment variables that MLflow reads, set when this project first uses MLflow.

Nothing here acts on import: `prepare_mlflow` is called before a client is made or a model is run.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from pipeline.config.errors import InputError
from pipeline.project.place import in_project

SCHEME = "sqlite:///"
DEFAULT_STORE = f"{SCHEME}mlflow.db"
# What a user has set stays as it is.
DEFAULTS: Mapping[str, str] = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_TRACKING_URI": DEFAULT_STORE,
    # MLflow's own defaults wait for minutes on a server that is down.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}
# `mlflow run` names its own run in the first, and MLflow would log into it instead of ours.
# The second keeps the link, for this process and those that it starts.
RUN_ID, PROJECT_RUN_ID = "MLFLOW_RUN_ID", "PIPELINE_PROJECT_RUN_ID"
LOG_LEVELS: Mapping[str, int] = {
    "mlflow": logging.WARNING,
    "alembic": logging.WARNING,
    # It announces each retry, and what comes of them is said in the end.
    "urllib3.connectionpool": logging.ERROR,
    # It misses pip, which an environment made by uv does not have and none of our models needs.
    "mlflow.utils.environment": logging.ERROR,
}


def prepare_mlflow() -> None:
    """Make MLflow quiet, quick to give up, and blind to the run of `mlflow run`; any time again."""
    for name, value in DEFAULTS.items():
        if not _given(name):
            os.environ[name] = value
    os.environ["MLFLOW_TRACKING_URI"] = store_uri()
    check_installation()
    if project_run := os.environ.pop(RUN_ID, None):
        os.environ[PROJECT_RUN_ID] = project_run
    # MLflow decides on telemetry as it is imported, which may have happened before this.
    from mlflow.telemetry import set_telemetry_client

    set_telemetry_client()
    for name, level in LOG_LEVELS.items():
        logging.getLogger(name).setLevel(level)


def check_installation() -> None:
    """Raise an `InputError` where MLflow is installed so that it cannot open a database.

    It hands the path of its migrations to ConfigParser, which takes % for interpolation.
    """
    package = find_spec("mlflow")
    path = str(package.origin) if package else ""
    if is_local() and "%" in path:
        raise InputError(
            f"{Path(path).parent}: the path has a %, with which MLflow cannot open a database, want"
            " a project and environment in a folder without one. Move the project's folder, delete"
            " .venv and run make setup; or set MLFLOW_TRACKING_URI to a server."
        )


def store_uri() -> str:
    """Return the address of MLflow's server or database, the project's own in a copy by DVC too."""
    uri = _given("MLFLOW_TRACKING_URI") or DEFAULT_STORE
    file = uri.removeprefix(SCHEME)
    if uri.startswith(SCHEME) and file.partition("?")[0]:
        return f"{SCHEME}{in_project(Path(file))}"
    return uri


def is_local() -> bool:
    """Say whether MLflow is a database file and no server."""
    return store_uri().startswith(SCHEME)


def project_run_id() -> str | None:
    """Return the id of the run of `mlflow run` that this process is part of, if it is."""
    return _given(RUN_ID) or _given(PROJECT_RUN_ID) or None


def _given(name: str) -> str:
    """Return a variable's value; CI gives secrets that are not set as empty variables."""
    return os.environ.get(name, "").strip()
