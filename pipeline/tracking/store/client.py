"""The connection to MLflow, quiet and without surprises."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Experiment, LifecycleStage
from mlflow.exceptions import MlflowException
from requests import RequestException

from pipeline.config.errors import InputError
from pipeline.tasks.classification import CLASSIFICATION
from pipeline.tasks.task import Task
from pipeline.tracking.store.environment import prepare_mlflow, project_run_id
from pipeline.tracking.store.experiment_page import describe_experiment
from pipeline.tracking.store.local import open_local
from pipeline.tracking.store.provenance import provenance_tags, without_password

REASON_LENGTH = 160
# Answers that want another user, with the names that MLflow gives them.
REFUSALS = {401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED"}
# The stage of `dvc.yaml` that makes each kind of run.
STAGES = {"study": "tune", "trial": "tune", "evaluation": "evaluate"}


def connect() -> MlflowClient:
    """Return a client of the server or database that MLFLOW_TRACKING_URI names."""
    prepare_mlflow()
    open_local(mlflow.get_tracking_uri())
    return MlflowClient()


def experiment_id(client: MlflowClient, name: str, task: Task = CLASSIFICATION) -> str:
    """Find or make a data set's experiment; `InputError` if MLflow does not answer.

    task: what the data set is for, which its page is made for.
    """
    with mlflow_answers():
        experiment = client.get_experiment_by_name(name)
        if experiment is None:
            number = client.create_experiment(name)
            # Which lays artifacts into this folder, and it may be a copy that DVC deletes.
            open_local(mlflow.get_tracking_uri())
            experiment = client.get_experiment(number)
        if experiment.lifecycle_stage == LifecycleStage.DELETED:
            raise InputError(_how_to_restore(experiment))
        describe_experiment(client, experiment, task.loss.name)
        return str(experiment.experiment_id)


@contextmanager
def mlflow_answers() -> Iterator[None]:
    """Turn trouble with MLflow into an `InputError` that says which server it is and why."""
    try:
        yield
    except (MlflowException, RequestException) as error:
        where = f"MLflow at {without_password(mlflow.get_tracking_uri())}"
        status = _refusal(error)
        if status:
            raise InputError(
                f"{where} refuses ({status}: {reason(error)}), want a user who may read and write."
                " Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or"
                " MLFLOW_TRACKING_TOKEN, then run dvc repro again."
            ) from None
        raise InputError(
            f"{where} does not answer ({reason(error)}), want a server or database that does."
            " Start it, or correct MLFLOW_TRACKING_URI, then run dvc repro again."
        ) from None


def _refusal(error: Exception) -> int | None:
    """Return the status of an answer that wants another user; None of any other trouble."""
    code = getattr(error, "error_code", None)
    for status, name in REFUSALS.items():
        if code == name or re.search(rf"\berror code {status}\b", str(error)):
            return status
    return None


def _how_to_restore(experiment: Experiment) -> str:
    number = experiment.experiment_id
    return (
        f"MLflow's experiment {experiment.name!r} (number {number}) was deleted, want one that is"
        f" there. Bring it back with mlflow experiments restore --experiment-id {number}, or delete"
        f" it for good with mlflow gc --experiment-ids {number}, then run dvc repro again."
    )


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
