"""One registered model for one data set: another table's models need a name of their own."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping

from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from requests import RequestException

from pipeline.config.errors import InputError
from pipeline.data.schema import FOLD_COLUMN
from pipeline.tracking.store.client import connect
from pipeline.tracking.store.tryout import tryout

PARENT = "mlflow.parentRunId"


def check_before_work(name: str, dataset: str, columns: Collection[str]) -> None:
    """Raise an `InputError` if the name is another table's, as far as MLflow answers by now."""
    if tryout():
        return
    try:
        check_model_name(connect(), name, dataset, columns)
    except (MlflowException, RequestException):
        # Which is told when the models are to be registered; it may be back by then.
        return


def check_model_name(
    client: MlflowClient, name: str, dataset: str, columns: Collection[str]
) -> None:
    """Raise an `InputError` if the models of this name are of another table.

    That is one with another name and other columns: a table that is renamed, or comes in parts with
    a date in their names, stays the same.
    """
    if not client.search_registered_models(f"name = '{name}'", max_results=1):
        return
    # Which a search leaves out.
    aliases = client.get_registered_model(name).aliases
    holder = aliases.get("champion", aliases.get("challenger"))
    if holder is None:
        return
    version = client.get_model_version(name, str(holder))
    other = dataset_of(version.tags)
    if other in (None, dataset):
        return
    theirs = run_columns(client, client.get_run(version.run_id))
    if theirs and theirs != {*columns} - {FOLD_COLUMN}:
        raise InputError(name_advice(name, str(version.version), str(other), dataset))


def dataset_of(tags: Mapping[str, str]) -> str | None:
    """Return the name of the data set that a version or run is about; None if it is not known."""
    return tags.get("study", "").rpartition("-")[0] or None


def run_columns(client: MlflowClient, run: Run) -> set[str]:
    """Return the columns of the tables that a run or the comparison above it read."""
    if PARENT in run.data.tags:
        run = client.get_run(run.data.tags[PARENT])
    inputs = run.inputs.dataset_inputs if run.inputs else []
    schemas = [json.loads(one_input.dataset.schema) for one_input in inputs]
    names = {column["name"] for schema in schemas for column in schema["mlflow_colspec"]}
    return names - {FOLD_COLUMN}


def name_advice(model: str, version: str, other: str, dataset: str) -> str:
    """Say that a registered model is another table's, and what to do."""
    return (
        f"tracking.model_name is {model!r}, whose version {version} was made of the table {other}"
        f" and not of {dataset}, want a registered model for each table. Set another name in"
        f" params.yaml, e.g. {dataset}-net, then run dvc repro; what {model} serves stays."
    )
