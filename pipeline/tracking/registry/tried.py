"""Find what was only tried out and is to count by now: its models, and the code behind them."""

from __future__ import annotations

from mlflow import MlflowClient
from mlflow.entities import Run

from pipeline.tracking.registry.champion import Registry, Version
from pipeline.tracking.store.client import connect, mlflow_answers
from pipeline.tracking.store.network_digest import NETWORK_TAG
from pipeline.tracking.store.provenance import committed_since
from pipeline.tracking.store.versions import ALIASES, register

PARENT = "mlflow.parentRunId"


@mlflow_answers()
def adopt(registry: Registry, network: str) -> Version | None:
    """Register the models of the comparison that logged this network; None if there is none."""
    client = connect()
    logged = client.search_runs(
        [experiment.experiment_id for experiment in client.search_experiments()],
        f"tags.kind = 'tuned' and tags.{NETWORK_TAG} = '{network}'"
        " and attributes.status = 'FINISHED'",
        max_results=1,
    )
    if not logged:
        return None
    (best,) = logged
    siblings = client.search_runs(
        [best.info.experiment_id], f"tags.{PARENT} = '{best.data.tags[PARENT]}'"
    )
    by_kind = {run.data.tags["kind"]: run for run in siblings}
    models = {kind: _corrected(client, by_kind[kind].info.run_id) for kind in ALIASES}
    challenger, *_ = register(client, registry.model, models)
    return registry.version(challenger.version)


@mlflow_answers()
def corrected(registry: Registry, version: Version) -> Version:
    """Return the version with its code told to be committed, if it has been committed since."""
    _corrected(connect(), version.run_id)
    return registry.version(version.number)


def _corrected(client: MlflowClient, run_id: str) -> Run:
    for key, value in committed_since(client.get_run(run_id).data.tags).items():
        client.set_tag(run_id, key, value)
    return client.get_run(run_id)
