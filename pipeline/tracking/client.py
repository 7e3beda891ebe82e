"""The connection to MLflow, quiet and without surprises."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

# Before mlflow is imported: it reads them then.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_TRACKING_URI", "sqlite:///mlflow.db")
# The defaults wait for minutes on a server that is down.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
# `mlflow run` names its own run here, and MLflow would log into it in place of ours.
PROJECT_RUN_ID = os.environ.pop("MLFLOW_RUN_ID", None)

import mlflow  # noqa: E402
from mlflow import MlflowClient  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402

from pipeline.errors import InputError  # noqa: E402
from pipeline.tracking.provenance import provenance_tags, without_password  # noqa: E402

REASON_LENGTH = 160
# So that the UI opens with runs and models, and not with traces and prompts.
KIND = {"mlflow.experimentKind": "custom_model_development"}

for _chatty in ("mlflow", "alembic"):
    logging.getLogger(_chatty).setLevel(logging.WARNING)
# It misses pip, which an environment made by uv does not have, and no model of ours needs.
logging.getLogger("mlflow.utils.environment").setLevel(logging.ERROR)


def connect() -> MlflowClient:
    """A client of the server or database that MLFLOW_TRACKING_URI names."""
    return MlflowClient()


def experiment_id(client: MlflowClient, name: str) -> str:
    """The experiment of a data set, made if it is new; `InputError` if MLflow does not answer."""
    with mlflow_answers():
        experiment = client.get_experiment_by_name(name)
        return str(
            experiment.experiment_id if experiment else client.create_experiment(name, tags=KIND)
        )


@contextmanager
def mlflow_answers() -> Iterator[None]:
    """Turn trouble with MLflow into an `InputError` that says which server and why."""
    try:
        yield
    except MlflowException as error:
        raise InputError(
            f"MLflow at {without_password(mlflow.get_tracking_uri())} does not answer"
            f" ({reason(error)}), want a server or database that does."
            " Start it, or correct MLFLOW_TRACKING_URI, then run dvc repro again."
        ) from None


def reason(error: Exception) -> str:
    """An error of MLflow in one short line, without passwords."""
    line = without_password(str(error).partition("\n")[0])
    return line if len(line) <= REASON_LENGTH else f"{line[:REASON_LENGTH]}…"


def run_tags(kind: str, study: str, **more: str) -> dict[str, str]:
    """Tags of a run: what it is, which study it belongs to, and who and what code made it."""
    tags = {**provenance_tags(), "kind": kind, "study": study, **more}
    if PROJECT_RUN_ID:
        tags["project_run"] = PROJECT_RUN_ID
    return tags
