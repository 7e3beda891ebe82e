"""The search space, from `params.yaml` to Optuna."""

from __future__ import annotations

from typing import Any

from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution

from pipeline.config.errors import InputError
from pipeline.config.sections.regularization import Regularization, SpaceParams
from pipeline.regularizers import Technique
from pipeline.tasks.task import Task


def distributions(space: SpaceParams) -> dict[str, BaseDistribution]:
    """Return Optuna's distribution of each tuned value."""
    return {
        technique.name: _distribution(technique, getattr(space, technique.name))
        for technique in space.techniques
    }


def check_techniques(space: SpaceParams, task: Task) -> None:
    """Raise `InputError` if a technique of the space needs classes and a number is predicted."""
    for technique in space.techniques:
        if technique.place == "labels" and not task.categorical:
            raise InputError(
                f"params.yaml: search.space.{technique.name} has a range, but the target is a"
                " number and has no classes, want none. Remove it from search.space."
            )


def nearest_point(regularization: Regularization, space: SpaceParams) -> dict[str, Any]:
    """Return the point of the space that is nearest to these values.

    The baseline need not lie in the space: no logarithmic range reaches 0, and training without
    early stopping is nearest to the longest patience. The learning rate of `train` counts as the
    middle of the range. The sampler learns from the baseline as if it were at that point.
    """
    point = {}
    for technique in space.techniques:
        limits = getattr(space, technique.name)
        value = getattr(regularization, technique.name)
        if value is None:
            value = limits.high if technique.nearest == "high" else _middle(limits)
        point[technique.name] = min(max(value, limits.low), limits.high)
    return point


def _middle(limits: Any) -> float:
    if limits.log:
        return float((limits.low * limits.high) ** 0.5)
    return float((limits.low + limits.high) / 2)


def _distribution(technique: Technique, limits: Any) -> BaseDistribution:
    if technique.range == "epochs":
        return IntDistribution(limits.low, limits.high)
    return FloatDistribution(limits.low, limits.high, log=limits.log)
