"""The compiled steps of a fit: the Keras network of `network.py`, forward, backward and Adam.

One compilation serves every architecture, because layers and widths are known at run time only.
`layout.py` describes the arrays.

A member's weights, moments and activations fit into a core's own cache, so a member trains at the
speed of the matrix product and not of the memory. Each product runs on one thread; cores train
members side by side.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

# Numba's matrix product is that of SciPy's BLAS. Loaded here, its threads can be limited before the
# first product.
import scipy.linalg.cython_blas  # noqa: F401

from pipeline.compiled import compiled
from pipeline.training.activations import activate, multiply_by_derivative
from pipeline.training.adam import BETA_1, BETA_2, adam, shrinking_adam
from pipeline.training.arrays import Float32s
from pipeline.training.layout import (
    INFERENCE,
    Layout,
    Phase,
    State,
    Workspace,
    kernel_view,
    layer_view,
)
from pipeline.training.losses import losses, soft_losses
from pipeline.training.mixtures import mix_inputs
from pipeline.training.noise import add_noise
from pipeline.training.normalize import backpropagate_normalization, normalize
from pipeline.training.objective import Objective
from pipeline.training.random_streams import draw_mask_bits, mask_buffer_size
from pipeline.training.strengths import Steps, Strengths
from pipeline.training.weights import average_weights, limit_norms

ZERO, ONE = np.float32(0), np.float32(1)
TRANSPOSE_FROM = 2**14  # weights in a kernel


@compiled
def train_epoch(
    layout: Layout,
    state: State,
    work: Workspace,
    x: Float32s,
    y: Float32s,
    order: npt.NDArray[np.int32],
    objective: Objective,
    strengths: Strengths,
    how: Steps,
    shares: Float32s,
    seed: int,
    epoch: int,
) -> float:
    """Take an epoch's steps of Adam; return the sum of the fitting rows' losses while they train.

    order: rows of x, in the order in which they are visited; the last batch holds what is left,
    and its loss is the mean over those rows. y: (row,) class numbers, or numbers to predict.
    shares: (row,) share of each in its mixture with the next of its batch; empty without mixup.
    """
    total, batch = 0.0, how.batch
    steps = (order.size + batch - 1) // batch
    for step in range(steps):
        rows = order[step * batch : (step + 1) * batch]
        _gather(work, x, rows)
        phase = Phase(True, seed, epoch, step)
        mixed = shares[step * batch : (step + 1) * batch]
        if mixed.size:
            mix_inputs(work, x, rows, mixed)
        if strengths.input_noise > ZERO:
            add_noise(work, rows.size, strengths.input_noise, phase)
        _forward(layout, state.weights, work, rows.size, strengths, batch, phase)
        if mixed.size or strengths.label_smoothing > 0.0:
            smoothing = strengths.label_smoothing
            total += soft_losses(layout, work, y, rows, objective, smoothing, mixed)
        else:
            total += losses(layout, work, y, rows, objective, phase.training)
        _backward(layout, state, work, rows.size, strengths)
        number = epoch * steps + step + 1
        rate = how.rate
        if how.decay_epochs:
            rate *= 0.5 * (1.0 + math.cos(math.pi * (number - 1) / (how.decay_epochs * steps)))
        _update(layout, state, strengths, how.proximal, rate, number)
        if strengths.averaging > ZERO:
            average_weights(layout, state, strengths.averaging if number > 1 else ZERO)
        if strengths.max_norm < np.inf:
            limit_norms(layout, state, work, strengths.max_norm)
    return total


@compiled
def _update(
    layout: Layout, state: State, strengths: Strengths, proximal: bool, rate: float, number: int
) -> None:
    """Take Adam's step of this number, counted from 1, on all weights."""
    correction = math.sqrt(1.0 - BETA_2**number)
    step_size = np.float32(rate * correction / (1.0 - BETA_1**number))
    shrinks = proximal or strengths.weight_decay > ZERO
    kept = ONE - np.float32(rate) * strengths.weight_decay
    threshold = np.float32(rate * correction) * strengths.l1 if proximal else ZERO
    for segment in range(len(layout.segments)):
        start, end, penalized = layout.segments[segment]
        weight, gradient = state.weights[start:end], state.gradient[start:end]
        mean, square = state.mean[start:end], state.square[start:end]
        l1 = ZERO if proximal or not penalized else strengths.l1
        l2 = strengths.l2 if penalized else ZERO
        if penalized and shrinks:
            shrinking_adam(weight, mean, square, gradient, l1, l2, step_size, kept, threshold)
        else:
            adam(weight, mean, square, gradient, l1, l2, step_size)


@compiled
def loss_sum(
    layout: Layout,
    weights: Float32s,
    work: Workspace,
    x: Float32s,
    y: Float32s,
    rows: npt.NDArray[np.int32],
    block: int,
    objective: Objective,
    strengths: Strengths,
) -> float:
    """Return the sum of these rows' losses without dropout.

    block: number of rows that are computed at once.
    """
    total = 0.0
    for start in range(0, rows.size, block):
        some = rows[start : start + block]
        _gather(work, x, some)
        _forward(layout, weights, work, some.size, strengths, block, INFERENCE)
        total += losses(layout, work, y, some, objective, INFERENCE.training)
    return total


@compiled
def logits(
    layout: Layout,
    weights: Float32s,
    work: Workspace,
    x: Float32s,
    rows: npt.NDArray[np.int32],
    block: int,
    strengths: Strengths,
) -> Float32s:
    """Return the outputs (row, output) of these rows without dropout, before any probabilities.

    block: number of rows that are computed at once.
    """
    outputs = layout.widths[-1]
    computed = np.empty((rows.size, outputs), np.float32)
    for start in range(0, rows.size, block):
        some = rows[start : start + block]
        _gather(work, x, some)
        _forward(layout, weights, work, some.size, strengths, block, INFERENCE)
        z = layer_view(work.inputs, work, len(layout.kernels), some.size)
        for row in range(some.size):
            for output in range(outputs):
                computed[start + row, output] = z[row, output]
    return computed


@compiled
def _gather(work: Workspace, x: Float32s, rows: npt.NDArray[np.int32]) -> None:
    """Copy these rows of x into the inputs of the first layer."""
    inputs = layer_view(work.inputs, work, 0, rows.size)
    for place in range(rows.size):
        # Row by row: the compiler knows that each is contiguous, which is five times as fast.
        source, target = x[rows[place]], inputs[place]
        for feature in range(target.size):
            target[feature] = source[feature]


@compiled
def _forward(
    layout: Layout,
    weights: Float32s,
    work: Workspace,
    rows: int,
    strengths: Strengths,
    batch: int,
    phase: Phase,
) -> None:
    """Compute all layers of the workspace from the inputs of the first."""
    hidden = len(layout.activations)
    for layer in range(hidden + 1):
        last = layer == hidden
        a = layer_view(work.inputs, work, layer, rows)
        z = layer_view(work.inputs if last else work.preactivations, work, layer + 1, rows)
        np.dot(a, kernel_view(weights, layout, layer), z)
        units = layout.widths[layer + 1]
        bias = weights[layout.biases[layer] : layout.biases[layer] + units]
        for row in range(rows):
            for unit in range(units):
                z[row, unit] += bias[unit]
        if last:
            return
        if layout.norms[layer] >= 0:
            normalize(layout, weights, work, layer, rows, phase.training)
        activated = layer_view(work.inputs, work, layer + 1, rows)
        activate(layout.activations[layer], z.ravel(), activated.ravel())
        if phase.training and layout.dropout[layer] and strengths.threshold:
            bits = work.bits[: mask_buffer_size(batch * units)]
            draw_mask_bits(bits, phase.seed, phase.epoch, layer, phase.step)
            mask = layer_view(work.masks, work, layer + 1, rows)
            _drop(bits, strengths, mask.ravel(), activated.ravel())


@compiled
def _drop(
    bits: npt.NDArray[np.uint16], strengths: Strengths, mask: Float32s, activated: Float32s
) -> None:
    """Apply dropout in place. Arrays are flat, so that the compiler vectorizes the loop."""
    for n in range(activated.size):
        mask[n] = strengths.scale if bits[n] >= strengths.threshold else ZERO
        activated[n] *= mask[n]


@compiled
def _backward(
    layout: Layout, state: State, work: Workspace, rows: int, strengths: Strengths
) -> None:
    """Backpropagate from the gradient of the logits to the gradients of all weights."""
    for layer in range(len(layout.kernels) - 1, -1, -1):
        output_gradient = layer_view(work.gradients, work, layer + 1, rows)
        a = layer_view(work.inputs, work, layer, rows)
        np.dot(a.T, output_gradient, kernel_view(state.gradient, layout, layer))
        units, at = layout.widths[layer + 1], layout.biases[layer]
        bias = state.gradient[at : at + units]
        bias[:] = ZERO
        for row in range(rows):
            for unit in range(units):
                bias[unit] += output_gradient[row, unit]
        if layer == 0:
            return
        kernel = kernel_view(state.weights, layout, layer)
        input_gradient = layer_view(work.gradients, work, layer, rows)
        _input_gradient(work, output_gradient, kernel, input_gradient)
        flat = input_gradient.ravel()
        if layout.dropout[layer - 1] and strengths.threshold:
            flat *= layer_view(work.masks, work, layer, rows).ravel()
        z = layer_view(work.preactivations, work, layer, rows).ravel()
        multiply_by_derivative(layout.activations[layer - 1], z, flat)
        if layout.norms[layer - 1] >= 0:
            backpropagate_normalization(layout, state, work, layer - 1, rows)


@compiled
def _input_gradient(
    work: Workspace, output_gradient: Float32s, kernel: Float32s, input_gradient: Float32s
) -> None:
    """Compute the gradient of a layer's inputs: output_gradient · kernelᵀ.

    BLAS takes half as long again for a large kernel if it is transposed. So a large one stays as it
    is, and the other factor and the product are transposed instead.
    """
    if kernel.size < TRANSPOSE_FROM:
        np.dot(output_gradient, kernel.T, input_gradient)
        return
    rows, units = output_gradient.shape
    transposed = work.transposed[0, : units * rows].reshape(units, rows)
    product = work.transposed[1, : input_gradient.size].reshape(input_gradient.shape[1], rows)
    _transpose(output_gradient, transposed)
    np.dot(kernel, transposed, product)
    _transpose(product, input_gradient)


@compiled
def _transpose(matrix: Float32s, transposed: Float32s) -> None:
    for row in range(matrix.shape[0]):
        for column in range(matrix.shape[1]):
            transposed[column, row] = matrix[row, column]
