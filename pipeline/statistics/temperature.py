"""One number that makes a network's probabilities as sure as its hits allow, and no better ranked.

Where a loss is smaller before but not after temperature scaling (Guo et al. 2017,
arXiv:1706.04599), a network was less overconfident and did not predict better.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar

from pipeline.tasks.arrays import Floats, Labels
from pipeline.tasks.classification import row_log_loss

# A network a thousand times too sure or too timid is at the bound, and no loss overflows there.
LOWEST, HIGHEST = 1e-3, 1e3
# The search's length in log temperature: a hundredth of a percent.
TOLERANCE = 1e-4


def fit_temperature(logits: npt.ArrayLike, y: Labels) -> float:
    """Return the temperature with the least log loss, of logits (…, row, output) and labels (row,).

    Fit it on predictions of rows that the networks were not fitted on: on fitted rows the network
    looks as sure as it may be.
    """
    z = np.asarray(logits, np.float64)

    def loss(log_temperature: float) -> float:
        return float(row_log_loss(tempered(z, float(np.exp(log_temperature))), y).mean())

    # Convex in 1/T, so with one minimum in log T.
    bounds = (np.log(LOWEST), np.log(HIGHEST))
    found = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": TOLERANCE})
    return float(np.exp(found.x))


def tempered(logits: npt.ArrayLike, temperature: float) -> Floats:
    """Return logits divided by the temperature: above 1, probabilities get less extreme."""
    return np.asarray(np.asarray(logits, np.float64) / temperature)
