"""Say what is predicted, and by which metrics predictions are judged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.tasks.metric import Metric, Targets


@dataclass(frozen=True)
class Task:
    """A kind of prediction.

    metrics: in the order in which tables list them. loss: the one of them that scores trials and
    that the verdict rests on; less of it is better.
    """

    name: str
    metrics: tuple[Metric, ...]
    loss: Metric

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the metrics, in their order."""
        return tuple(metric.name for metric in self.metrics)

    def metric(self, name: str) -> Metric:
        """Return the metric of this name."""
        return {metric.name: metric for metric in self.metrics}[name]

    def score(self, outputs: npt.ArrayLike, y: Targets) -> dict[str, float]:
        """Return every metric of one network by name, from its outputs (row, output)."""
        doubles = np.asarray(outputs, np.float64)
        return {metric.name: metric.value(doubles, y) for metric in self.metrics}
