"""The difference between two procedures, from the losses of the same rows in repeated folds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from pipeline.statistics.bootstrap import mean_difference
from pipeline.statistics.intervals import verdict
from pipeline.tasks.classification import Floats


class ProcedureDifference(BaseModel):
    """A mean difference in a loss, lower being better, and its interval.

    helps: probability that the difference is below zero. p_value: two-sided, of no difference.
    """

    model_config = ConfigDict(frozen=True)

    estimate: float
    low: float
    high: float
    helps: float
    p_value: float
    verdict: str


def procedure_difference(
    differences: Floats,
    fold: npt.NDArray[np.int32],
    *,
    confidence: float,
    resamples: int,
    seed: int,
) -> ProcedureDifference:
    """Return the mean of (repeat, row) differences in loss, and how far it can be trusted.

    fold: (repeat, row) outer folds.
    """
    found = mean_difference(differences.mean(0)[None], resamples, confidence, seed)
    tail = found.p_value / 2
    return ProcedureDifference(
        estimate=found.estimate,
        low=found.low,
        high=found.high,
        helps=1 - tail if found.estimate < 0 else tail,
        p_value=found.p_value,
        verdict=verdict(found),
    )
