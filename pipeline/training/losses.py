"""The losses of a batch and their gradient with respect to the outputs, in compiled loops."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from pipeline.compiled import compiled
from pipeline.training.arrays import Float32s
from pipeline.training.layout import Layout, Workspace, layer_view
from pipeline.training.objective import CROSS_ENTROPY, SQUARED_ERROR, Objective

ZERO, ONE = np.float32(0), np.float32(1)


@compiled
def losses(
    layout: Layout,
    work: Workspace,
    y: Float32s,
    rows: npt.NDArray[np.int32],
    objective: Objective,
    training: bool,
) -> float:
    """Return the sum of the rows' losses, unweighted.

    In training, also compute the gradient of the weighted mean with respect to the outputs.
    """
    if objective.kind != CROSS_ENTROPY:
        return _number_losses(layout, work, y, rows, objective, training)
    layer = len(layout.kernels)
    z = layer_view(work.inputs, work, layer, rows.size)
    gradient = layer_view(work.gradients, work, layer, rows.size)
    outputs = layout.widths[-1]
    exponentials = np.empty(outputs)
    total = 0.0
    for row in range(rows.size):
        label = int(y[rows[row]])
        share = objective.class_weight[label] / np.float32(rows.size)
        if outputs == 1:
            logit = float(z[row, 0])
            total += max(logit, 0.0) - logit * label + math.log1p(math.exp(-abs(logit)))
            if training:
                gradient[row, 0] = np.float32(1.0 / (1.0 + math.exp(-logit)) - label) * share
        else:
            top, summed = float(z[row, 0]), 0.0
            for output in range(1, outputs):
                top = max(top, float(z[row, output]))
            for output in range(outputs):
                exponentials[output] = math.exp(float(z[row, output]) - top)
                summed += exponentials[output]
            total += math.log(summed) + top - float(z[row, label])
            if training:
                for output in range(outputs):
                    p = exponentials[output] / summed
                    gradient[row, output] = np.float32(p - (output == label)) * share
    return total


@compiled
def _number_losses(
    layout: Layout,
    work: Workspace,
    y: Float32s,
    rows: npt.NDArray[np.int32],
    objective: Objective,
    training: bool,
) -> float:
    """Compute what `losses` does for a network that predicts a number."""
    layer = len(layout.kernels)
    z = layer_view(work.inputs, work, layer, rows.size)
    gradient = layer_view(work.gradients, work, layer, rows.size)
    total = 0.0
    for row in range(rows.size):
        loss, slope = _number_loss(float(z[row, 0]) - float(y[rows[row]]), objective)
        total += loss
        if training:
            gradient[row, 0] = np.float32(slope / rows.size)
    return total


@compiled
def soft_losses(
    layout: Layout,
    work: Workspace,
    y: Float32s,
    rows: npt.NDArray[np.int32],
    objective: Objective,
    smoothing: float,
    shares: Float32s,
) -> float:
    """Compute what `losses` does in training, with smoothed labels and mixed rows.

    The gradient is that of the smoothed labels; the losses that are returned are those of the plain
    ones. smoothing: the share of each label that is spread evenly over all classes (Szegedy et al.
    2016, section 7). shares: (row,) share of a row in its mixture with the next row of the batch,
    whose loss counts for the rest; empty if nothing is mixed.
    """
    layer = len(layout.kernels)
    z = layer_view(work.inputs, work, layer, rows.size)
    gradient = layer_view(work.gradients, work, layer, rows.size)
    gradient[:] = ZERO
    exponentials = np.empty(layout.widths[-1])
    total = 0.0
    for row in range(rows.size):
        own = shares[row] if shares.size else ONE
        for part in range(2 if own < ONE else 1):
            weight = ONE - own if part else own
            label = y[rows[(row + part) % rows.size]]
            scale = weight / np.float32(rows.size)
            if objective.kind == CROSS_ENTROPY:
                scale *= objective.class_weight[int(label)]
                loss = _add_label(z[row], gradient[row], exponentials, int(label), scale, smoothing)
            else:
                loss, slope = _number_loss(float(z[row, 0]) - float(label), objective)
                gradient[row, 0] += np.float32(slope) * scale
            total += float(weight) * loss
    return total


@compiled
def _add_label(
    z: Float32s,
    gradient: Float32s,
    exponentials: npt.NDArray[np.float64],
    label: int,
    scale: np.float32,
    smoothing: float,
) -> float:
    """Add the gradient of one smoothed label to that of a row; return the plain label's loss."""
    if z.size == 1:
        logit = float(z[0])
        target = label * (1.0 - smoothing) + 0.5 * smoothing
        gradient[0] += np.float32(1.0 / (1.0 + math.exp(-logit)) - target) * scale
        return max(logit, 0.0) - logit * label + math.log1p(math.exp(-abs(logit)))
    top, summed = float(z[0]), 0.0
    for output in range(1, z.size):
        top = max(top, float(z[output]))
    for output in range(z.size):
        exponentials[output] = math.exp(float(z[output]) - top)
        summed += exponentials[output]
    for output in range(z.size):
        target = (output == label) * (1.0 - smoothing) + smoothing / z.size
        gradient[output] += np.float32(exponentials[output] / summed - target) * scale
    return math.log(summed) + top - float(z[label])


@compiled
def _number_loss(error: float, objective: Objective) -> tuple[float, float]:
    """Return the loss of an error, and its slope.

    Huber's loss is half the squared error up to `objective.delta`, and linear beyond.
    """
    delta = objective.delta
    if objective.kind == SQUARED_ERROR:
        return error * error, 2.0 * error
    if abs(error) <= delta:
        return 0.5 * error * error, error
    return delta * (abs(error) - 0.5 * delta), delta if error > 0 else -delta
