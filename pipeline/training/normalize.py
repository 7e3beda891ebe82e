"""Batch normalization, forward and backward (Ioffe and Szegedy 2015).

The outer loops are over rows, so that the compiler vectorizes those over units.
"""

from __future__ import annotations

import numpy as np

from pipeline.compiled import compiled
from pipeline.training.architecture import NORM_EPSILON, NORM_MOMENTUM
from pipeline.training.arrays import Float32s
from pipeline.training.layout import Layout, State, Workspace, layer_view

ZERO = np.float32(0)


@compiled
def normalize(
    layout: Layout, weights: Float32s, work: Workspace, layer: int, rows: int, training: bool
) -> None:
    """Normalize a layer's pre-activations in place.

    Training uses the batch's own statistics, and updates the moving ones with them; inference uses
    the moving ones.
    """
    units, at = layout.widths[layer + 1], layout.norms[layer]
    scale, shift = weights[at : at + units], weights[at + units : at + 2 * units]
    moving_mean = weights[at + 2 * units : at + 3 * units]
    moving_variance = weights[at + 3 * units : at + 4 * units]
    z = layer_view(work.preactivations, work, layer + 1, rows)
    normalized = layer_view(work.normalized, work, layer + 1, rows)
    deviation = work.deviations[work.offsets[layer + 1] : work.offsets[layer + 2]]
    mean, variance = work.statistics[0, :units], work.statistics[1, :units]
    mean[:], variance[:] = moving_mean, moving_variance
    if training:
        mean[:] = ZERO
        variance[:] = ZERO
        for row in range(rows):
            for unit in range(units):
                mean[unit] += z[row, unit]
        for unit in range(units):
            mean[unit] /= np.float32(rows)
        for row in range(rows):
            for unit in range(units):
                variance[unit] += (z[row, unit] - mean[unit]) ** 2
        old, new = np.float32(NORM_MOMENTUM), np.float32(1.0 - NORM_MOMENTUM)
        for unit in range(units):
            variance[unit] /= np.float32(rows)
            moving_mean[unit] = moving_mean[unit] * old + mean[unit] * new
            moving_variance[unit] = moving_variance[unit] * old + variance[unit] * new
    for unit in range(units):
        deviation[unit] = np.sqrt(variance[unit] + np.float32(NORM_EPSILON))
    for row in range(rows):
        for unit in range(units):
            normalized[row, unit] = (z[row, unit] - mean[unit]) / deviation[unit]
            z[row, unit] = normalized[row, unit] * scale[unit] + shift[unit]


@compiled
def backpropagate_normalization(
    layout: Layout, state: State, work: Workspace, layer: int, rows: int
) -> None:
    """Backpropagate a layer's gradient through its normalization in place (section 3)."""
    units, at = layout.widths[layer + 1], layout.norms[layer]
    gradient = layer_view(work.gradients, work, layer + 1, rows)
    normalized = layer_view(work.normalized, work, layer + 1, rows)
    deviation = work.deviations[work.offsets[layer + 1] : work.offsets[layer + 2]]
    scale = state.weights[at : at + units]
    scale_gradient = state.gradient[at : at + units]
    shift_gradient = state.gradient[at + units : at + 2 * units]
    scale_gradient[:] = ZERO
    shift_gradient[:] = ZERO
    for row in range(rows):
        for unit in range(units):
            scale_gradient[unit] += gradient[row, unit] * normalized[row, unit]
            shift_gradient[unit] += gradient[row, unit]
    for row in range(rows):
        for unit in range(units):
            shared = shift_gradient[unit] + normalized[row, unit] * scale_gradient[unit]
            centred = gradient[row, unit] - shared / np.float32(rows)
            gradient[row, unit] = scale[unit] / deviation[unit] * centred
