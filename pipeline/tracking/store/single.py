"""Find what a kill left half made, to go on with it, and delete what was made twice.

A request that a slow server did not answer in time is sent again, and both may be carried out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from mlflow import MlflowClient
from mlflow.entities import LoggedModel, Run, RunStatus

FINISHED, KILLED, RUNNING = map(
    RunStatus.to_string, (RunStatus.FINISHED, RunStatus.KILLED, RunStatus.RUNNING)
)
# Of a digest in a run's name, for the tables of MLflow's UI are narrow.
SHOWN_DIGITS = 6


def run_name(kind: str, digest: str, about: str = "") -> str:
    """Return a name that tells a run apart from others of its kind."""
    return f"{kind} {digest[:SHOWN_DIGITS]}" + (f", {about}" if about else "")


def milliseconds(time: datetime) -> int:
    """Return a time as MLflow counts it; one without a zone is local."""
    return int(time.timestamp() * 1000)


def one_run(
    client: MlflowClient, experiment: str, identity: Mapping[str, str], tags: Mapping[str, str],
    name: str, started: datetime | None = None,
) -> Run:  # fmt: skip
    """Find the run that these tags identify, or make it with the further tags.

    started: when the work began that the run is about; now if that is not known.
    """
    runs = _runs(client, experiment, identity)
    if not runs:
        start = milliseconds(started) if started else None
        return client.create_run(
            experiment, start_time=start, tags={**tags, **identity}, run_name=name
        )
    if len(runs) > 1:
        # Twins: the one that went on to have children comes first.
        runs.sort(key=lambda run: not _children(client, experiment, run))
    if runs[0].info.status == KILLED:
        client.update_run(runs[0].info.run_id, status=RUNNING)
    return runs[0]


def end_run(client: MlflowClient, run: Run) -> None:
    """End a run now; one that was written again keeps the time at which its work had ended.

    run: as `one_run` returned it.
    """
    finished = run.info.status == FINISHED
    client.set_terminated(run.info.run_id, end_time=run.info.end_time if finished else None)


def end_abandoned(client: MlflowClient, run: Run, identity: Mapping[str, str]) -> None:
    """End, as killed, the runs that this checkout's stage left running and will not go on with.

    Those are the runs that the tags do not identify: their stage was killed, and its parameters or
    data were changed after that. If these are changed back, the stage goes on with them.
    """
    stage, source = (run.data.tags.get(key) for key in ("dvc_stage", "mlflow.source.name"))
    running = client.search_runs(
        [run.info.experiment_id], f"attributes.status = 'RUNNING' and tags.dvc_stage = '{stage}'"
    )
    for left in running:
        tags = left.data.tags
        ours = any(tags.get(key) == value for key, value in identity.items())
        if source and tags.get("mlflow.source.name") == source and not ours:
            client.set_terminated(left.info.run_id, KILLED)


def drop_twins(
    client: MlflowClient, experiment: str, identity: Mapping[str, str], keep: Iterable[str]
) -> None:
    """Delete the runs that these tags identify, except those to keep."""
    kept = set(keep)
    for run in _runs(client, experiment, identity):
        if run.info.run_id not in kept:
            client.delete_run(run.info.run_id)


def one_model(client: MlflowClient, run: Run, name: str) -> LoggedModel:
    """Find or make the model of a run, and delete its twins."""
    experiment = run.info.experiment_id
    wanted = f"source_run_id = '{run.info.run_id}' and name = '{name}'"
    models = client.search_logged_models([experiment], wanted)
    if not models:
        tags = {key: text for key, text in run.data.tags.items() if "mlflow.source" in key}
        client.create_logged_model(experiment, name, run.info.run_id, tags, run.data.params)
        return one_model(client, run, name)
    first, *twins = sorted(models, key=lambda model: (model.creation_timestamp, model.model_id))
    for twin in twins:
        client.delete_logged_model(twin.model_id)
    return first


def one_version(client: MlflowClient, name: str, run_id: str) -> str | None:
    """Find the version that registers a run's model, if there is one, and delete its twins."""
    versions = client.search_model_versions(f"name = '{name}' and run_id = '{run_id}'")
    numbers = sorted(int(version.version) for version in versions)
    for number in numbers[1:]:
        client.delete_model_version(name, str(number))
    return str(numbers[0]) if numbers else None


def _runs(client: MlflowClient, experiment: str, identity: Mapping[str, str]) -> list[Run]:
    wanted = " and ".join(f"tags.{key} = '{value}'" for key, value in identity.items())
    return list(client.search_runs([experiment], wanted, order_by=["attributes.start_time ASC"]))


def _children(client: MlflowClient, experiment: str, run: Run) -> bool:
    child = f"tags.mlflow.parentRunId = '{run.info.run_id}'"
    return bool(client.search_runs([experiment], child, max_results=1))
