"""Batch normalization, forward and backward (Ioffe and Szegedy 2015).

Rows are the outer loops, so that the compiler does many units at a time.
"""

from __future__ import annotations

import numpy as np

from pipeline.compiled import compiled
from pipeline.training.architecture import NORM_EPSILON, NORM_MOMENTUM
from pipeline.training.layout import Floats, Layout, State, Work, view

ZERO = np.float32(0)


@compiled
def normalize(
    layout: Layout, weights: Floats, work: Work, layer: int, rows: int, training: bool
) -> None:
    """Batch normalization in place: of the batch's own statistics in training, which move."""
    units, at = layout.widths[layer + 1], layout.norms[layer]
    scale, shift = weights[at : at + units], weights[at + units : at + 2 * units]
    moving_mean = weights[at + 2 * units : at + 3 * units]
    moving_variance = weights[at + 3 * units : at + 4 * units]
    z = view(work.before, work, layer + 1, rows)
    hat = view(work.hats, work, layer + 1, rows)
    deviation = work.deviations[work.places[layer + 1] : work.places[layer + 2]]
    mean, variance = work.sums[0, :units], work.sums[1, :units]
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
            hat[row, unit] = (z[row, unit] - mean[unit]) / deviation[unit]
            z[row, unit] = hat[row, unit] * scale[unit] + shift[unit]


@compiled
def normalize_back(layout: Layout, state: State, work: Work, layer: int, rows: int) -> None:
    """From slopes behind batch normalization to those in front (Ioffe and Szegedy 2015, sec. 3)."""
    units, at = layout.widths[layer + 1], layout.norms[layer]
    slope = view(work.slopes, work, layer + 1, rows)
    hat = view(work.hats, work, layer + 1, rows)
    deviation = work.deviations[work.places[layer + 1] : work.places[layer + 2]]
    scale = state.weights[at : at + units]
    by_scale = state.gradient[at : at + units]
    by_shift = state.gradient[at + units : at + 2 * units]
    by_scale[:] = ZERO
    by_shift[:] = ZERO
    for row in range(rows):
        for unit in range(units):
            by_scale[unit] += slope[row, unit] * hat[row, unit]
            by_shift[unit] += slope[row, unit]
    for row in range(rows):
        for unit in range(units):
            shared = by_shift[unit] + hat[row, unit] * by_scale[unit]
            centred = slope[row, unit] - shared / np.float32(rows)
            slope[row, unit] = scale[unit] / deviation[unit] * centred
