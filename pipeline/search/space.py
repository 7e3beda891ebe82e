"""The search space, from `params.yaml` to Optuna."""

from __future__ import annotations

from typing import Any

from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution

from pipeline.params import Regularization, SpaceParams


def distributions(space: SpaceParams) -> dict[str, BaseDistribution]:
    """Optuna's distributions of the four tuned values."""
    return {
        "dropout": FloatDistribution(space.dropout.low, space.dropout.high, log=space.dropout.log),
        "l1": FloatDistribution(space.l1.low, space.l1.high, log=space.l1.log),
        "l2": FloatDistribution(space.l2.low, space.l2.high, log=space.l2.log),
        "patience": IntDistribution(space.patience.low, space.patience.high),
    }


def nearest_point(regularization: Regularization, space: SpaceParams) -> dict[str, Any]:
    """The point of the space that is nearest to these values.

    The baseline need not lie in the space (no logarithmic range reaches 0, and no patience is the
    longest one), but the sampler learns from it as from its nearest point.
    """
    wanted = regularization.model_dump()
    if wanted["patience"] is None:
        wanted["patience"] = space.patience.high
    point = {}
    for name, value in wanted.items():
        ends = getattr(space, name)
        point[name] = min(max(value, ends.low), ends.high)
    return point
