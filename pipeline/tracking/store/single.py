"""One of each: what a kill left half made is gone on with, what was made twice is made one.

A request that a slow server did not answer in time is sent again, and both may be carried out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mlflow import MlflowClient
from mlflow.entities import LoggedModel, Run, RunStatus

KILLED, RUNNING = (RunStatus.to_string(one) for one in (RunStatus.KILLED, RunStatus.RUNNING))


def one_run(
    client: MlflowClient, experiment: str, identity: Mapping[str, str], tags: Mapping[str, str],
    name: str,
) -> Run:  # fmt: skip
    """The run that these tags identify, made with the further tags if it is new."""
    found = _runs(client, experiment, identity)
    if not found:
        return client.create_run(experiment, tags={**tags, **identity}, run_name=name)
    if len(found) > 1:
        # Of twins the one that went on to have children.
        found.sort(key=lambda run: not _children(client, experiment, run))
    if found[0].info.status == KILLED:
        client.update_run(found[0].info.run_id, status=RUNNING)
    return found[0]


def end_abandoned(client: MlflowClient, run: Run, identity: Mapping[str, str]) -> None:
    """End, as killed, what this checkout's stage left running and will not go on with.

    That is what the tags do not identify: a stage that was killed, and whose parameters or data
    were changed after that. Should they be changed back, it is gone on with all the same.
    """
    stage, source = (run.data.tags.get(key) for key in ("dvc_stage", "mlflow.source.name"))
    running = client.search_runs(
        [run.info.experiment_id], f"attributes.status = 'RUNNING' and tags.dvc_stage = '{stage}'"
    )
    for one in running:
        tags = one.data.tags
        ours = any(tags.get(key) == value for key, value in identity.items())
        if source and tags.get("mlflow.source.name") == source and not ours:
            client.set_terminated(one.info.run_id, KILLED)


def drop_twins(
    client: MlflowClient, experiment: str, identity: Mapping[str, str], keep: Iterable[str]
) -> None:
    """Delete the runs that these tags identify, but for those to keep."""
    kept = set(keep)
    for run in _runs(client, experiment, identity):
        if run.info.run_id not in kept:
            client.delete_run(run.info.run_id)


def one_model(client: MlflowClient, run: Run, name: str) -> LoggedModel:
    """The model of a run, made if it is new; twins of it are deleted."""
    experiment = run.info.experiment_id
    wanted = f"source_run_id = '{run.info.run_id}' and name = '{name}'"
    found = client.search_logged_models([experiment], wanted)
    if not found:
        tags = {key: text for key, text in run.data.tags.items() if "mlflow.source" in key}
        client.create_logged_model(experiment, name, run.info.run_id, tags, run.data.params)
        return one_model(client, run, name)
    first, *twins = sorted(found, key=lambda model: (model.creation_timestamp, model.model_id))
    for twin in twins:
        client.delete_logged_model(twin.model_id)
    return first


def one_version(client: MlflowClient, name: str, run_id: str) -> str | None:
    """The version that registers a run's model, if there is one; twins of it are deleted."""
    found = client.search_model_versions(f"name = '{name}' and run_id = '{run_id}'")
    numbers = sorted(int(version.version) for version in found)
    for number in numbers[1:]:
        client.delete_model_version(name, str(number))
    return str(numbers[0]) if numbers else None


def _runs(client: MlflowClient, experiment: str, identity: Mapping[str, str]) -> list[Run]:
    wanted = " and ".join(f"tags.{key} = '{value}'" for key, value in identity.items())
    return list(client.search_runs([experiment], wanted, order_by=["attributes.start_time ASC"]))


def _children(client: MlflowClient, experiment: str, run: Run) -> bool:
    child = f"tags.mlflow.parentRunId = '{run.info.run_id}'"
    return bool(client.search_runs([experiment], child, max_results=1))
