"""Average the weights and limit their norms, after each step of Adam."""

from __future__ import annotations

import numpy as np

from pipeline.compiled import compiled
from pipeline.training.layout import Layout, State, Workspace, kernel_view

ZERO, ONE, EPSILON = np.float32(0), np.float32(1), np.float32(1e-7)


@compiled
def average_weights(layout: Layout, state: State, momentum: np.float32) -> None:
    """Update the exponential mean of the weights, as Keras' `use_ema` does.

    The moving statistics of batch normalization are means already, and are taken as they are.
    """
    new = ONE - momentum
    for segment in range(len(layout.segments)):
        start, end, _ = layout.segments[segment]
        average, weights = state.average[start:end], state.weights[start:end]
        for n in range(average.size):
            average[n] = momentum * average[n] + new * weights[n]
    for layer in range(len(layout.norms)):
        if layout.norms[layer] >= 0:
            units = layout.widths[layer + 1]
            start, end = layout.norms[layer] + 2 * units, layout.norms[layer] + 4 * units
            state.average[start:end] = state.weights[start:end]


@compiled
def limit_norms(layout: Layout, state: State, work: Workspace, most: np.float32) -> None:
    """Scale the weights into each unit to at most this norm, as Keras' `MaxNorm` does.

    It acts on the kernels that penalties act on.
    """
    for layer in range(len(layout.kernels)):
        if not layout.segments[2 * layer, 2]:
            continue
        kernel = kernel_view(state.weights, layout, layer)
        inputs, units = kernel.shape
        scale = work.statistics[0, :units]
        scale[:] = ZERO
        for row in range(inputs):
            for unit in range(units):
                scale[unit] += kernel[row, unit] * kernel[row, unit]
        for unit in range(units):
            norm = np.sqrt(scale[unit])
            scale[unit] = min(norm, most) / (EPSILON + norm)
        for row in range(inputs):
            for unit in range(units):
                kernel[row, unit] *= scale[unit]
