"""Registering the models of a comparison's runs as versions, each network once."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mlflow import MlflowClient
from mlflow.entities import Run

from pipeline.tracking.store.model_name import check_model_name, dataset_of, run_columns
from pipeline.tracking.store.network_digest import NETWORK_TAG
from pipeline.tracking.store.single import one_version

logger = logging.getLogger(__name__)

# By kind of network. The alias `champion` is the gate's to move.
ALIASES: Mapping[str, str] = {"tuned": "challenger", "baseline": "baseline"}
# Tag of a run and a version: digest of the columns that its model takes.
COLUMNS_TAG = "columns"
# Tag of a run and a version: what computes its predictions. Those without it need Keras.
SERVED_TAG, SERVED_BY = "served_by", "numpy"
COPIED_TAGS = ("study", "verdict", NETWORK_TAG, COLUMNS_TAG, SERVED_TAG)
# What equal versions of a network have in common beside it.
ALIKE = ("kind", COLUMNS_TAG, SERVED_TAG)
NOTE = "mlflow.note.content"


@dataclass(frozen=True)
class Registered:
    """A model version and the alias that points to it."""

    name: str
    version: str
    alias: str


def register(client: MlflowClient, name: str, runs: Mapping[str, Run]) -> list[Registered]:
    """Register the model of each kind's run; the aliases move last, when all versions are there.

    `InputError` if the registered model is another table's.
    """
    for run in runs.values():
        dataset = dataset_of(run.data.tags)
        if dataset:
            check_model_name(client, name, dataset, run_columns(client, run))
    if not client.search_registered_models(f"name = '{name}'", max_results=1):
        client.create_registered_model(
            name,
            description=_about_model(runs.values()),
        )
    registered = [
        Registered(name, _version(client, name, run), ALIASES[kind]) for kind, run in runs.items()
    ]
    for version in registered:
        client.set_registered_model_alias(name, version.alias, version.version)
        logger.info("registered %s version %s as %s", name, version.version, version.alias)
    return registered


def _about_model(runs: Iterable[Run]) -> str:
    """Describe a registered model, a plain sentence first, for lists show it as it is."""
    names = sorted({name for run in runs if (name := dataset_of(run.data.tags))})
    return (
        f"Predicts {' and '.join(names) or 'a table'} from raw rows, with a probability for each"
        " class. Serve the alias `champion`: that version is live. `challenger` is the newest tuned"
        " network, `baseline` the same network without regularization, `previous` the champion"
        " before this one. The tag `gate` of a version says what was decided about it."
    )


def _opening(run: Run) -> str:
    """Return the plain sentence with which the description of a version begins."""
    table = f" for {name}" if (name := dataset_of(run.data.tags)) else ""
    if run.data.tags.get("kind") == "baseline":
        return f"The baseline{table}: the network without any regularization."
    return f"The tuned network{table}: the regularization that a search found best."


def _version(client: MlflowClient, name: str, run: Run) -> str:
    """Find the version of a run's network, or make it, and return its number."""
    number = one_version(client, name, run.info.run_id) or _equal_version(client, name, run)
    if number:
        return number
    (output,) = run.outputs.model_outputs
    tags = {key: run.data.tags[key] for key in COPIED_TAGS if key in run.data.tags}
    page = f"#/experiments/{run.info.experiment_id}/models/{output.model_id}"
    client.create_model_version(
        name,
        f"models:/{output.model_id}",
        run.info.run_id,
        tags=tags,
        # Short, as MLflow's databases hold 5,000 letters of it.
        description=f"{_opening(run)}\n\n{run.data.tags[NOTE]}\n\nThe columns it takes are listed"
        f" on the [model's page]({page}).",
        model_id=output.model_id,
    )
    number = one_version(client, name, run.info.run_id)
    assert number is not None
    return number


def _equal_version(client: MlflowClient, name: str, run: Run) -> str | None:
    """Find the newest version of an equal network of the same kind that takes equal columns.

    It also has to be served alike: one that needs Keras is replaced by one that does not.

    One that was made from changes that were not committed does not count for a run that was not:
    the gate asks where a challenger comes from.
    """
    tags = run.data.tags
    if not (NETWORK_TAG in tags and COLUMNS_TAG in tags):
        return None
    where = f"name = '{name}' and tags.{NETWORK_TAG} = '{tags[NETWORK_TAG]}'"
    equal = []
    for version in client.search_model_versions(where):
        made_by = client.get_run(version.run_id)
        same = all(made_by.data.tags.get(key) == tags.get(key) for key in ALIKE)
        if same and _clean(made_by) >= _clean(run):
            equal.append(str(version.version))
    return max(equal, key=int, default=None)


def _clean(run: Run) -> bool:
    return bool(run.data.tags.get("git_dirty") == "false")
