"""Losses of single rows, as they are and after temperature scaling."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar

from pipeline.tasks.arrays import Floats, Labels
from pipeline.tasks.classification import probabilities, row_brier, row_log_loss

# Beyond these a temperature says only that the rows it was fitted on are all right or all guesses.
TEMPERATURES = (0.25, 64.0)
LOSSES = ("log_loss", "brier", "recalibrated")


def fitted_temperature(logits: Floats, y: Labels) -> float:
    """Return the number by which to divide logits (row, output) for the least log loss.

    Above 1: the networks are surer of themselves than they should be (Guo et al. 2017).
    """

    def loss(log_temperature: float) -> float:
        return float(row_log_loss(logits / np.exp(log_temperature), y).mean())

    low, high = np.log(TEMPERATURES)
    return float(np.exp(minimize_scalar(loss, bounds=(low, high), method="bounded").x))


def row_losses(logits: Floats, y: Labels, temperature: float | None) -> dict[str, Floats]:
    """Return (row,) losses by name, each the mean over the networks of logits (network, row, …).

    recalibrated: log loss at this temperature; not a number where there is none.
    """
    scaled = np.nan if temperature is None else row_log_loss(logits / temperature, y).mean(0)
    return {
        "log_loss": np.asarray(row_log_loss(logits, y).mean(0)),
        "brier": np.asarray(row_brier(probabilities(logits), y).mean(0)),
        "recalibrated": np.broadcast_to(np.asarray(scaled, np.float64), len(y)),
    }
