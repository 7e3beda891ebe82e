"""Say what is predicted, by which metrics predictions are judged, and how people read about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from pipeline.tasks.arrays import Floats
from pipeline.tasks.metric import Metric, Targets, Value

TaskName = Literal["classification", "regression"]
# From outputs (network, row, output) and the targets to (row,) bias and (row,) variance of the
# loss, whose sum is the row's mean loss.
Terms = Callable[[Floats, Targets], tuple[Floats, Floats]]


@dataclass(frozen=True)
class Level:
    """A further figure of each variant of the ablation, the mean over its networks."""

    name: str
    title: str
    value: Value


@dataclass(frozen=True)
class Peer:
    """Another kind of model that the tuned network is compared with.

    make: returns an unfitted model of scikit-learn, from a seed. transformed: whether it learns the
    target as the network does, after the target's transformation.
    """

    name: str
    title: str
    make: Callable[[int], Any]
    transformed: bool = True


@dataclass(frozen=True)
class Words:
    """Holds what the report says differently for each task.

    stratum: what a class is called where rows are stratified.
    """

    loss_means: str
    loss_at_length: str
    second_judge: str
    decomposition: str
    blunders: str
    same_outputs: str
    stratum: str
    long_tail: str


@dataclass(frozen=True)
class Task:
    """A kind of prediction.

    metrics: in the order in which tables list them. loss: the one of them that scores trials and
    that the verdict rests on; less of it is better. second_loss: the one that also judges the arms
    of an evaluation. gate_metric: the one by which the gate compares two models, unless told
    otherwise. ensemble: from outputs (network, row, output) to those (row, output) of the
    networks' mean prediction. categorical: whether rows belong to classes; then outputs are logits,
    which one temperature rescales. root: the metric that is the root of the mean loss, where the
    loss is in units squared. error_terms: from outputs and targets to the (row,) share of
    networks that are wrong, and whether their mode is. served_figures: what else is known of a
    model, from what it serves, by name.
    """

    name: TaskName
    metrics: tuple[Metric, ...]
    loss: Metric
    second_loss: Metric
    gate_metric: Metric
    levels: tuple[Level, ...]
    terms: Terms
    ensemble: Callable[[Floats], Floats]
    peers: tuple[Peer, ...]
    words: Words
    categorical: bool = False
    root: Metric | None = None
    error_terms: Terms | None = None
    served_figures: Mapping[str, Value] = field(default_factory=dict)

    @property
    def fitted_title(self) -> str:
        """Name what learning curves show: the loss as the network learns it."""
        return self.loss.title if self.categorical else "Loss of the standardized target"

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the metrics, in their order."""
        return tuple(metric.name for metric in self.metrics)

    def metric(self, name: str) -> Metric:
        """Return the metric of this name."""
        return {metric.name: metric for metric in self.metrics}[name]

    def score(self, outputs: npt.ArrayLike, y: Targets) -> dict[str, float]:
        """Return every metric of one network by name, from its outputs (row, output)."""
        doubles = np.asarray(outputs, np.float64)
        return {metric.name: metric.value(doubles, y) for metric in self.metrics}

    def loss_unit(self, y: Targets) -> float:
        """Return what a loss of this target is measured in where no unit is known beforehand.

        1 for classes; for numbers the variance of the target, which is the loss of guessing its
        mean: so a share of it is a share of R².
        """
        return 1.0 if self.categorical else float(np.var(y))

    def row_loss(self, outputs: npt.ArrayLike, y: Targets) -> Floats:
        """Return (…, row) the loss of each row, from outputs (…, row, output)."""
        assert self.loss.row_values, "the loss of a task is a mean over rows"
        return self.loss.row_values(np.asarray(outputs), y)

    def row_second_loss(self, outputs: npt.ArrayLike, y: Targets) -> Floats:
        """Return (…, row) the second loss of each row, as `row_loss`."""
        assert self.second_loss.row_values, "the second loss of a task is a mean over rows"
        return self.second_loss.row_values(np.asarray(outputs), y)
