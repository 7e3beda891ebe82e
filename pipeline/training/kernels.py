"""The compiled steps of a fit: the Keras network of `network.py`, forward, backward and Adam.

One compilation serves every architecture, as nothing here depends on a number of layers or a width
but at run time. Arrays are as in `layout.py`.

A member's weights, moments and activations fit a core's own cache, so a member trains at the speed
of the matrix product and not of the memory. Each product runs on one thread: cores train members
side by side.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

# Numba's matrix product is SciPy's; loaded here, its threads can be limited before the first one.
import scipy.linalg.cython_blas  # noqa: F401

from pipeline.compiled import compiled
from pipeline.training.activations import activate, times_slope
from pipeline.training.adam import BETA_1, BETA_2, adam
from pipeline.training.layout import (
    INFERENCE,
    Floats,
    Layout,
    Phase,
    State,
    Strengths,
    Work,
    kernel_of,
    view,
)
from pipeline.training.normalize import normalize, normalize_back
from pipeline.training.random_streams import draw_mask_bits, mask_places

ZERO = np.float32(0)
TURNED_FROM = 2**14  # weights of a kernel


@compiled
def train_epoch(
    layout: Layout,
    state: State,
    work: Work,
    x: Floats,
    y: npt.NDArray[np.int32],
    order: npt.NDArray[np.int32],
    weight: Floats,
    strengths: Strengths,
    batch: int,
    rate: float,
    decay_epochs: int,
    seed: int,
    epoch: int,
) -> float:
    """Take an epoch's steps of Adam; the sum of the fitting rows' losses while they train.

    order: rows of x, in the order in which they are visited; the last batch holds what is left,
    and its loss is the mean over those rows. weight: (class,), how much a row's loss counts.
    decay_epochs: after so many the learning rate has fallen to 0, along a cosine (Loshchilov and
    Hutter 2017, eq. 5, without restarts); 0: it stays.
    """
    total = 0.0
    steps = (order.size + batch - 1) // batch
    for step in range(steps):
        rows = order[step * batch : (step + 1) * batch]
        _pick(work, x, rows)
        phase = Phase(True, seed, epoch, step)
        _forward(layout, state.weights, work, rows.size, strengths, batch, phase)
        total += _losses(layout, work, y, rows, weight, phase.training)
        _backward(layout, state, work, rows.size, strengths)
        number = epoch * steps + step + 1
        now = rate
        if decay_epochs:
            now *= 0.5 * (1.0 + math.cos(math.pi * (number - 1) / (decay_epochs * steps)))
        pace = now * math.sqrt(1.0 - BETA_2**number) / (1.0 - BETA_1**number)
        for segment in range(len(layout.segments)):
            start, end, penalized = layout.segments[segment]
            adam(
                state.weights[start:end],
                state.mean[start:end],
                state.square[start:end],
                state.gradient[start:end],
                strengths.l1 if penalized else ZERO,
                strengths.l2 if penalized else ZERO,
                np.float32(pace),
            )
    return total


@compiled
def log_loss_sum(
    layout: Layout,
    weights: Floats,
    work: Work,
    x: Floats,
    y: npt.NDArray[np.int32],
    rows: npt.NDArray[np.int32],
    block: int,
    weight: Floats,
    strengths: Strengths,
) -> float:
    """Sum of these rows' losses without dropout, as many rows at once as a block holds."""
    total = 0.0
    for start in range(0, rows.size, block):
        some = rows[start : start + block]
        _pick(work, x, some)
        _forward(layout, weights, work, some.size, strengths, block, INFERENCE)
        total += _losses(layout, work, y, some, weight, INFERENCE.training)
    return total


@compiled
def logits(
    layout: Layout,
    weights: Floats,
    work: Work,
    x: Floats,
    rows: npt.NDArray[np.int32],
    block: int,
    strengths: Strengths,
) -> Floats:
    """Outputs (row, output) before the sigmoid or softmax, without dropout."""
    outputs = layout.widths[-1]
    found = np.empty((rows.size, outputs), np.float32)
    for start in range(0, rows.size, block):
        some = rows[start : start + block]
        _pick(work, x, some)
        _forward(layout, weights, work, some.size, strengths, block, INFERENCE)
        z = view(work.inputs, work, len(layout.kernels), some.size)
        for row in range(some.size):
            for output in range(outputs):
                found[start + row, output] = z[row, output]
    return found


@compiled
def _pick(work: Work, x: Floats, rows: npt.NDArray[np.int32]) -> None:
    """Copy these rows of x into the first layer's inputs."""
    inputs = view(work.inputs, work, 0, rows.size)
    for at in range(rows.size):
        # One row each, of which the compiler knows where it lies: five times as fast.
        source, target = x[rows[at]], inputs[at]
        for feature in range(target.size):
            target[feature] = source[feature]


@compiled
def _forward(
    layout: Layout,
    weights: Floats,
    work: Work,
    rows: int,
    strengths: Strengths,
    batch: int,
    phase: Phase,
) -> None:
    """Fill the scratch arrays from the first layer's inputs on."""
    hidden = len(layout.activations)
    for layer in range(hidden + 1):
        last = layer == hidden
        a = view(work.inputs, work, layer, rows)
        z = view(work.inputs if last else work.before, work, layer + 1, rows)
        np.dot(a, kernel_of(weights, layout, layer), z)
        units = layout.widths[layer + 1]
        bias = weights[layout.biases[layer] : layout.biases[layer] + units]
        for row in range(rows):
            for unit in range(units):
                z[row, unit] += bias[unit]
        if last:
            return
        if layout.norms[layer] >= 0:
            normalize(layout, weights, work, layer, rows, phase.training)
        activated = view(work.inputs, work, layer + 1, rows)
        activate(layout.activations[layer], z.ravel(), activated.ravel())
        if phase.training and layout.dropout[layer] and strengths.threshold:
            bits = work.bits[: mask_places(batch * units)]
            draw_mask_bits(bits, phase.seed, phase.epoch, layer, phase.step)
            keep = view(work.keep, work, layer + 1, rows)
            _drop(bits, strengths, keep.ravel(), activated.ravel())


@compiled
def _drop(
    bits: npt.NDArray[np.uint16], strengths: Strengths, keep: Floats, activated: Floats
) -> None:
    """Dropout in place. Over flat arrays, so that the compiler does many at a time."""
    for n in range(activated.size):
        keep[n] = strengths.scale if bits[n] >= strengths.threshold else ZERO
        activated[n] *= keep[n]


@compiled
def _losses(
    layout: Layout,
    work: Work,
    y: npt.NDArray[np.int32],
    rows: npt.NDArray[np.int32],
    weight: Floats,
    training: bool,
) -> float:
    """Sum of log losses, not weighted; in training, the slopes of the weighted mean by logits."""
    layer = len(layout.kernels)
    z = view(work.inputs, work, layer, rows.size)
    slope = view(work.slopes, work, layer, rows.size)
    outputs = layout.widths[-1]
    exponentials = np.empty(outputs)
    total = 0.0
    for at in range(rows.size):
        label = y[rows[at]]
        share = weight[label] / np.float32(rows.size)
        if outputs == 1:
            one = float(z[at, 0])
            total += max(one, 0.0) - one * label + math.log1p(math.exp(-abs(one)))
            if training:
                slope[at, 0] = np.float32(1.0 / (1.0 + math.exp(-one)) - label) * share
        else:
            top, summed = float(z[at, 0]), 0.0
            for output in range(1, outputs):
                top = max(top, float(z[at, output]))
            for output in range(outputs):
                exponentials[output] = math.exp(float(z[at, output]) - top)
                summed += exponentials[output]
            total += math.log(summed) + top - float(z[at, label])
            if training:
                for output in range(outputs):
                    p = exponentials[output] / summed
                    slope[at, output] = np.float32(p - (output == label)) * share
    return total


@compiled
def _backward(layout: Layout, state: State, work: Work, rows: int, strengths: Strengths) -> None:
    """Gradients of all weights, from the slopes by the logits."""
    for layer in range(len(layout.kernels) - 1, -1, -1):
        slope = view(work.slopes, work, layer + 1, rows)
        a = view(work.inputs, work, layer, rows)
        np.dot(a.T, slope, kernel_of(state.gradient, layout, layer))
        units, at = layout.widths[layer + 1], layout.biases[layer]
        bias = state.gradient[at : at + units]
        bias[:] = ZERO
        for row in range(rows):
            for unit in range(units):
                bias[unit] += slope[row, unit]
        if layer == 0:
            return
        below = view(work.slopes, work, layer, rows)
        _slopes_below(work, slope, kernel_of(state.weights, layout, layer), below)
        flat = below.ravel()
        if layout.dropout[layer - 1] and strengths.threshold:
            flat *= view(work.keep, work, layer, rows).ravel()
        z = view(work.before, work, layer, rows).ravel()
        times_slope(layout.activations[layer - 1], z, flat)
        if layout.norms[layer - 1] >= 0:
            normalize_back(layout, state, work, layer - 1, rows)


@compiled
def _slopes_below(work: Work, slope: Floats, kernel: Floats, below: Floats) -> None:
    """Fill `below` with slope · kernelᵀ.

    A large kernel takes BLAS half as long again if it is transposed. So the others are turned.
    """
    if kernel.size < TURNED_FROM:
        np.dot(slope, kernel.T, below)
        return
    rows, units = slope.shape
    turned = work.turned[0, : units * rows].reshape(units, rows)
    product = work.turned[1, : below.size].reshape(below.shape[1], rows)
    _turn(slope, turned)
    np.dot(kernel, turned, product)
    _turn(product, below)


@compiled
def _turn(matrix: Floats, turned: Floats) -> None:
    for row in range(matrix.shape[0]):
        for column in range(matrix.shape[1]):
            turned[column, row] = matrix[row, column]
