"""The search space, from `params.yaml` to Optuna."""

from __future__ import annotations

from typing import Any

from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution

from pipeline.config.sections.regularization import Regularization, SpaceParams
from pipeline.regularizers import TECHNIQUES, Technique


def distributions(space: SpaceParams) -> dict[str, BaseDistribution]:
    """Return Optuna's distribution of each tuned value."""
    return {
        technique.name: _distribution(technique, getattr(space, technique.name))
        for technique in TECHNIQUES
    }


def nearest_point(regularization: Regularization, space: SpaceParams) -> dict[str, Any]:
    """Return the point of the space that is nearest to these values.

    The baseline need not lie in the space: no logarithmic range reaches 0, and training without
    early stopping is nearest to the longest patience. The sampler learns from the baseline as if it
    were at that point.
    """
    point = {}
    for technique in TECHNIQUES:
        limits = getattr(space, technique.name)
        value = getattr(regularization, technique.name)
        point[technique.name] = (
            limits.high if value is None else min(max(value, limits.low), limits.high)
        )
    return point


def _distribution(technique: Technique, limits: Any) -> BaseDistribution:
    if technique.range == "epochs":
        return IntDistribution(limits.low, limits.high)
    return FloatDistribution(limits.low, limits.high, log=limits.log)
