"""Losses of single rows, as they are and after temperature scaling."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar

from pipeline.tasks.arrays import Floats, Labels
from pipeline.tasks.classification import row_log_loss
from pipeline.tasks.metric import Targets
from pipeline.tasks.task import Task

# Beyond these a temperature says only that the rows it was fitted on are all right or all guesses.
TEMPERATURES = (0.25, 64.0)
RECALIBRATED = "recalibrated"


def loss_names(task: Task) -> tuple[str, str, str]:
    """Return the names of the columns that hold the losses."""
    return task.loss.name, task.second_loss.name, RECALIBRATED


def fitted_temperature(logits: Floats, y: Labels) -> float:
    """Return the number by which to divide logits (row, output) for the least log loss.

    Above 1: the networks are surer of themselves than they should be (Guo et al. 2017).
    """

    def loss(log_temperature: float) -> float:
        return float(row_log_loss(logits / np.exp(log_temperature), y).mean())

    low, high = np.log(TEMPERATURES)
    return float(np.exp(minimize_scalar(loss, bounds=(low, high), method="bounded").x))


def row_losses(
    outputs: Floats, y: Targets, temperature: float | None, task: Task
) -> dict[str, Floats]:
    """Return (row,) losses by name, each the mean over the networks of outputs (network, row, …).

    recalibrated: the loss of logits at this temperature; not a number where there is none.
    """
    scaled = np.nan if temperature is None else task.row_loss(outputs / temperature, y).mean(0)
    loss, second, recalibrated = loss_names(task)
    return {
        loss: np.asarray(task.row_loss(outputs, y).mean(0)),
        second: np.asarray(task.row_second_loss(outputs, y).mean(0)),
        recalibrated: np.broadcast_to(np.asarray(scaled, np.float64), len(y)),
    }
