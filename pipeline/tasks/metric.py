"""Define a metric: one record that reports, tables, floors and MLflow iterate over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy.typing as npt

from pipeline.tasks.arrays import Floats

# (row,) what the networks are to predict.
Targets = npt.NDArray[Any]
# From a network's outputs (row, output) and the targets.
Value = Callable[[Floats, Targets], float]
# From outputs (…, row, output) and the targets to (…, row).
RowValues = Callable[[Floats, Targets], Floats]
# From outputs (row, output), the targets and row weights (resample, row) to (resample,).
Weighted = Callable[[Floats, Targets, Floats], Floats]
# Which of the intervals in `statistics.proportions` a metric has.
ScoreInterval = Literal["share", "mean recall", "ROC area"]


@dataclass(frozen=True)
class Resampling:
    """Says how the interval of a metric is found by drawing rows anew.

    weighted: its values under many row weightings at once. within_classes: whether as many rows
    are drawn from each class as the class has, for metrics that no class may be absent from.
    score_interval: the interval that the bootstrap's is widened to, which keeps a width where no
    row is wrong; None if there is none for this metric.
    """

    weighted: Weighted
    within_classes: bool = False
    score_interval: ScoreInterval | None = None


@dataclass(frozen=True)
class Metric:
    """One way to judge predictions.

    title: its name for people. bounds: the lowest and the highest value it can have.
    value: its value for one network, from what the network puts out. row_values: the values it is
    the mean of, or None if it is no mean over rows. resampling: None if its interval is that of
    the mean of `row_values`; so a metric has at least one of the two.
    headline: whether it is among the few figures of `metrics/compare.json`. relative: whether the
    gate's margin is a share of the champion's value, because the metric has the target's units.
    """

    name: str
    title: str
    more_is_better: bool
    bounds: tuple[float, float]
    value: Value
    row_values: RowValues | None = None
    resampling: Resampling | None = None
    headline: bool = False
    relative: bool = False

    def __post_init__(self) -> None:
        if self.row_values is None and self.resampling is None:
            raise TypeError(
                f"metric {self.name} has no interval, want row_values if it is a mean over rows,"
                " else resampling. Add either to its record."
            )

    @property
    def words(self) -> str:
        """Return its name within a sentence."""
        return self.title if self.title[:2].isupper() else self.title[0].lower() + self.title[1:]

    @property
    def better(self) -> Literal["more", "less"]:
        """Say which way is better."""
        return "more" if self.more_is_better else "less"

    def meets(self, value: float, floor: float) -> bool:
        """Say whether a value is at least as good as this one; what is not a number is not."""
        return value >= floor if self.more_is_better else value <= floor
