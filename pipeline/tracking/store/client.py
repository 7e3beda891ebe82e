"""The connection to MLflow, quiet and without surprises."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from requests import RequestException

from pipeline.config.errors import InputError
from pipeline.tracking.store.environment import prepare_mlflow, project_run_id
from pipeline.tracking.store.experiment_page import describe_experiment
from pipeline.tracking.store.local import open_local
from pipeline.tracking.store.provenance import provenance_tags, without_password

REASON_LENGTH = 160
# The stage of `dvc.yaml` that makes each kind of run.
STAGES = {"study": "tune", "trial": "tune", "evaluation": "evaluate"}


def connect() -> MlflowClient:
    """Return a client of the server or database that MLFLOW_TRACKING_URI names."""
    prepare_mlflow()
    open_local(mlflow.get_tracking_uri())
    return MlflowClient()


def experiment_id(client: MlflowClient, name: str) -> str:
    """Find or make a data set's experiment; `InputError` if MLflow does not answer."""
    with mlflow_answers():
        experiment = client.get_experiment_by_name(name)
        if experiment is None:
            experiment = client.get_experiment(client.create_experiment(name))
        describe_experiment(client, experiment)
        return str(experiment.experiment_id)


@contextmanager
def mlflow_answers() -> Iterator[None]:
    """Turn trouble with MLflow into an `InputError` that says which server it is and why."""
    try:
        yield
    except (MlflowException, RequestException) as error:
        raise InputError(
            f"MLflow at {without_password(mlflow.get_tracking_uri())} does not answer"
            f" ({reason(error)}), want a server or database that does."
            " Start it, or correct MLFLOW_TRACKING_URI, then run dvc repro again."
        ) from None


def reason(error: Exception) -> str:
    """Write an error of MLflow in one short line, without passwords."""
    line = without_password(str(error).partition("\n")[0])
    return line if len(line) <= REASON_LENGTH else f"{line[:REASON_LENGTH]}…"


def run_tags(kind: str, study: str, **more: str) -> dict[str, str]:
    """Return a run's tags: what it is, which study it belongs to, and who and what code made it."""
    tags = {**provenance_tags(), "kind": kind, "study": study, **more}
    tags["dvc_stage"] = STAGES.get(kind, "compare")
    if project_run := project_run_id():
        tags["project_run"] = project_run
    return tags
