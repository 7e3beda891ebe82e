"""The connection to MLflow, quiet and without surprises."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.tracking.local import DEFAULT, open_local

# Before mlflow is imported: it reads them then.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_TRACKING_URI", DEFAULT)
# The defaults wait for minutes on a server that is down.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "1")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
# `mlflow run` names its own run here, and MLflow would log into it in place of ours.
PROJECT_RUN_ID = os.environ.pop("MLFLOW_RUN_ID", None)

import mlflow  # noqa: E402
from mlflow import MlflowClient  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402
from requests import RequestException  # noqa: E402

from pipeline.config.errors import InputError  # noqa: E402
from pipeline.tracking.provenance import provenance_tags, without_password  # noqa: E402
from pipeline.tracking.views import describe_experiment  # noqa: E402

REASON_LENGTH = 160
# The stage of `dvc.yaml` that makes each kind of run.
STAGES = {"study": "tune", "trial": "tune", "evaluation": "evaluate"}

for _chatty in ("mlflow", "alembic"):
    logging.getLogger(_chatty).setLevel(logging.WARNING)
# It misses pip, which an environment made by uv does not have, and no model of ours needs.
logging.getLogger("mlflow.utils.environment").setLevel(logging.ERROR)


def connect() -> MlflowClient:
    """A client of the server or database that MLFLOW_TRACKING_URI names."""
    open_local(mlflow.get_tracking_uri())
    return MlflowClient()


def experiment_id(client: MlflowClient, name: str) -> str:
    """The experiment of a data set, made if it is new; `InputError` if MLflow does not answer."""
    with mlflow_answers():
        experiment = client.get_experiment_by_name(name)
        if experiment is None:
            experiment = client.get_experiment(client.create_experiment(name))
        describe_experiment(client, experiment)
        return str(experiment.experiment_id)


@contextmanager
def mlflow_answers() -> Iterator[None]:
    """Turn trouble with MLflow into an `InputError` that says which server and why."""
    try:
        yield
    except (MlflowException, RequestException) as error:
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
    tags["dvc_stage"] = STAGES.get(kind, "compare")
    if PROJECT_RUN_ID:
        tags["project_run"] = PROJECT_RUN_ID
    return tags
