"""The circumstances of a comparison, as its report states them: data, search and setting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.comparison.result import Data, Setting
from pipeline.config.params import Params
from pipeline.config.sections.network import NetworkParams
from pipeline.data.findings import sentences
from pipeline.data.prepare import Fold
from pipeline.data.schema import Schema
from pipeline.statistics.intervals import Interval
from pipeline.tasks.classification import CLASSIFICATION
from pipeline.tasks.task import Task
from pipeline.text.numbers import listed

# Settings of a fit that apply to one task alone.
NUMBER_SETTINGS, CLASS_SETTINGS = {"loss", "huber_delta"}, {"class_weight"}


@dataclass(frozen=True)
class SearchOutcome:
    """Says what the search for the tuned regularization came to.

    importance: share of each tuned value in what moved the score of the trials, if measured.
    """

    study: str
    best_trial: int
    trials: int
    importance: Mapping[str, Interval] = field(default_factory=dict)


@dataclass(frozen=True)
class Circumstances:
    """The data, the search that found the tuned regularization, and the setting of the run."""

    data: Data
    search: SearchOutcome
    setting: Setting | None = None


def describe_data(schema: Schema, rows: Mapping[str, int], fold: Fold) -> Data:
    """Describe the data set, with the number of rows of each role, and what to know about it."""
    weighted: tuple[str, ...] = ()
    if fold.class_weight is not None:
        shown = ", ".join(map("{}: {:.3g}".format, schema.classes, fold.class_weight))
        weighted = (
            f"the training loss counts classes unequally ({shown}), so probabilities lean to the"
            " classes that count more; stopping and every figure below count rows equally",
        )
    return Data(
        name=schema.name,
        description=schema.description,
        classes=schema.classes,
        positive=schema.positive,
        columns=len(schema.columns),
        rows=dict(rows),
        findings=(*sentences(schema.findings), *weighted),
    )


def describe_setting(
    params: Params,
    digests: Mapping[str, str],
    versions: Mapping[str, str],
    machine: str,
    task: Task = CLASSIFICATION,
) -> Setting:
    """Describe what a rerun depends on besides code: files, packages, machine and parameters."""
    exclude = NUMBER_SETTINGS if task.categorical else CLASS_SETTINGS
    train = params.train.model_dump(exclude=exclude)
    if not task.categorical:
        train["target_transform"] = params.data.target_transform
    if isinstance(params.train.class_weight, dict):
        weights = params.train.class_weight.items()
        train["class_weight"] = ", ".join(f"{name}: {weight:g}" for name, weight in weights)
    return Setting(
        digests=dict(digests),
        versions=dict(versions),
        machine=machine,
        layers=_network(params.network),
        train=train,
    )


def _network(network: NetworkParams) -> str:
    """Describe the network, and what the report lacks if it is the user's own."""
    if network.builder:
        return (
            f"as {network.builder} builds it, trained by Keras. Batch normalization as an arm and"
            " the published run are left out, which change layers that only the built-in network"
            " has. Which weights the penalties act on, and after which layers dropout acts, is in"
            " that file"
        )
    return f"hidden layers of {listed([str(layer.units) for layer in network.layers])} units"
