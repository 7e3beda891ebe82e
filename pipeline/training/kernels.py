"""The compiled steps of a fit: the Keras network of `network.py`, forward, backward and Adam.

Axes: row, unit, all float32 and contiguous. A member's weights are one flat vector in the order of
`keras.Model.get_weights()`; `Layout` says where each array begins. One compilation serves every
architecture, as nothing here depends on a number of layers or a width but at run time.

A member's weights, moments and activations fit a core's own cache, so a member trains at the speed
of the matrix product and not of the memory. Each product runs on one thread: cores train members
side by side.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

# Numba's matrix product is SciPy's; loaded here, its threads can be limited before the first one.
import scipy.linalg.cython_blas  # noqa: F401

from pipeline.training.activations import NAMES, activate, times_slope
from pipeline.training.architecture import NORM_EPSILON, NORM_MOMENTUM, Architecture
from pipeline.training.compiled import compiled
from pipeline.training.luck import draw_mask_bits, mask_places

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

BETA_1, BETA_2 = 0.9, 0.999
ADAM_EPSILON = np.float32(1e-7)
ZERO, ONE, TWO = np.float32(0), np.float32(1), np.float32(2)


class Layout(NamedTuple):
    """Where a member's arrays lie in its flat vectors, and what is done to them.

    Per layer, the output's included: widths (layer + 1,), kernels and biases (layer,). Per hidden
    layer: norms (where scale, shift, mean and variance begin, or -1), activations, dropout.
    segments: (segment, 3) start, end and whether penalized, of the weights that Adam trains.
    """

    widths: Ints
    kernels: Ints
    biases: Ints
    norms: Ints
    activations: Ints
    dropout: Flags
    segments: Ints

    @classmethod
    def of(cls, architecture: Architecture) -> Layout:
        """The layout of an architecture's weights."""
        kernels, biases, norms, segments, at = [], [], [], [], 0
        widths, hidden = architecture.widths, architecture.layers
        for number, (fan_in, fan_out) in enumerate(pairwise(widths)):
            last = number == len(hidden)
            penalized = architecture.penalize_output if last else hidden[number].penalty
            kernels.append(at)
            segments.append((at, at + fan_in * fan_out, int(penalized)))
            at += fan_in * fan_out
            biases.append(at)
            norm = architecture.batch_norm and not last
            trained = fan_out * (3 if norm else 1)
            segments.append((at, at + trained, 0))
            at += fan_out
            norms.append(at if norm else -1)
            at += 4 * fan_out if norm else 0
        return cls(
            np.array(widths),
            np.array(kernels),
            np.array(biases),
            np.array(norms),
            np.array([NAMES.index(layer.activation) for layer in hidden], np.int64),
            np.array([layer.dropout for layer in hidden], np.bool_),
            np.array(segments),
        )


class State(NamedTuple):
    """Flat vectors of one member: weights, both moments of Adam, and the gradient."""

    weights: Floats
    mean: Floats
    square: Floats
    gradient: Floats


class Work(NamedTuple):
    """Scratch memory of one core, each array (layer + 1, row, unit) laid out one after another.

    inputs: of each layer. before: products with the bias, before normalization; hats: normalized;
    activated: what the activation is taken of. slopes: gradients by inputs. keep: what dropout
    multiplies with. deviations: (layer, unit). bits: of one layer's mask.
    """

    inputs: Floats
    before: Floats
    hats: Floats
    slopes: Floats
    keep: Floats
    deviations: Floats
    bits: npt.NDArray[np.uint16]
    places: Ints

    @classmethod
    def of(cls, architecture: Architecture, rows: int) -> Work:
        """Scratch for as many rows at once."""
        widths = np.array(architecture.widths)
        places = np.concatenate([[0], np.cumsum(widths)])
        size = rows * int(places[-1])
        masked = [layer.units for layer in architecture.layers if layer.dropout]
        inputs, before, hats, slopes, keep = np.zeros((5, size), np.float32)
        return cls(
            inputs,
            before,
            hats,
            slopes,
            keep,
            np.zeros(int(places[-1]), np.float32),
            np.zeros(mask_places(rows * max(masked, default=1)), np.uint16),
            places,
        )


class Phase(NamedTuple):
    """Whether rows pass in training, and which masks the step then draws."""

    training: bool
    seed: int
    epoch: int
    step: int


INFERENCE = Phase(False, 0, 0, 0)


class Strengths(NamedTuple):
    """Regularization of one member. Mask bits below the threshold are dropped."""

    l1: np.float32
    l2: np.float32
    threshold: np.uint16
    scale: np.float32


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
    seed: int,
    epoch: int,
) -> float:
    """Take an epoch's steps of Adam; the sum of the fitting rows' losses while they train.

    order: rows of x, in the order in which they are visited; the last batch holds what is left,
    and its loss is the mean over those rows. weight: (class,), how much a row's loss counts.
    """
    total = 0.0
    steps = (order.size + batch - 1) // batch
    for step in range(steps):
        rows = order[step * batch : (step + 1) * batch]
        _pick(work, x, rows)
        phase = Phase(True, seed, epoch, step)
        _forward(layout, state.weights, work, rows.size, strengths, batch, phase)
        total += _losses(layout, work, y, rows, weight, phase.training)
        _backward(layout, state, work, rows.size)
        number = epoch * steps + step + 1
        pace = rate * math.sqrt(1.0 - BETA_2**number) / (1.0 - BETA_1**number)
        for segment in range(len(layout.segments)):
            start, end, penalized = layout.segments[segment]
            _adam(
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
        z = _view(work.inputs, work, len(layout.kernels), some.size)
        for row in range(some.size):
            for output in range(outputs):
                found[start + row, output] = z[row, output]
    return found


@compiled
def _view(buffer: Floats, work: Work, layer: int, rows: int) -> Floats:
    """(row, unit) of one layer in a scratch array."""
    start, end = work.places[layer], work.places[layer + 1]
    return buffer[start * rows : end * rows].reshape(rows, end - start)


@compiled
def _kernel(vector: Floats, layout: Layout, layer: int) -> Floats:
    """(in, out) of one layer in a flat vector."""
    fan_in, fan_out, at = layout.widths[layer], layout.widths[layer + 1], layout.kernels[layer]
    return vector[at : at + fan_in * fan_out].reshape(fan_in, fan_out)


@compiled
def _pick(work: Work, x: Floats, rows: npt.NDArray[np.int32]) -> None:
    inputs = _view(work.inputs, work, 0, rows.size)
    for at in range(rows.size):
        for feature in range(inputs.shape[1]):
            inputs[at, feature] = x[rows[at], feature]


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
        a = _view(work.inputs, work, layer, rows)
        z = _view(work.inputs if last else work.before, work, layer + 1, rows)
        np.dot(a, _kernel(weights, layout, layer), z)
        units = layout.widths[layer + 1]
        bias = weights[layout.biases[layer] : layout.biases[layer] + units]
        for row in range(rows):
            for unit in range(units):
                z[row, unit] += bias[unit]
        if last:
            return
        if layout.norms[layer] >= 0:
            _normalize(layout, weights, work, layer, rows, phase.training)
        activated = _view(work.inputs, work, layer + 1, rows)
        activate(layout.activations[layer], z.ravel(), activated.ravel())
        if phase.training and layout.dropout[layer]:
            keep = _view(work.keep, work, layer + 1, rows)
            bits = work.bits[: (batch * units + 7) // 8 * 8]
            draw_mask_bits(bits, phase.seed, phase.epoch, layer, phase.step)
            for row in range(rows):
                for unit in range(units):
                    kept = bits[row * units + unit] >= strengths.threshold
                    keep[row, unit] = strengths.scale if kept else ZERO
                    activated[row, unit] *= keep[row, unit]


@compiled
def _normalize(
    layout: Layout, weights: Floats, work: Work, layer: int, rows: int, training: bool
) -> None:
    """Batch normalization in place: of the batch's own statistics in training, which move."""
    units, at = layout.widths[layer + 1], layout.norms[layer]
    scale, shift = weights[at : at + units], weights[at + units : at + 2 * units]
    moving_mean = weights[at + 2 * units : at + 3 * units]
    moving_variance = weights[at + 3 * units : at + 4 * units]
    z = _view(work.before, work, layer + 1, rows)
    hat = _view(work.hats, work, layer + 1, rows)
    start = work.places[layer + 1]
    for unit in range(units):
        mean, variance = moving_mean[unit], moving_variance[unit]
        if training:
            mean = variance = ZERO
            for row in range(rows):
                mean += z[row, unit]
            mean /= np.float32(rows)
            for row in range(rows):
                variance += (z[row, unit] - mean) ** 2
            variance /= np.float32(rows)
            old, new = np.float32(NORM_MOMENTUM), np.float32(1.0 - NORM_MOMENTUM)
            moving_mean[unit] = moving_mean[unit] * old + mean * new
            moving_variance[unit] = moving_variance[unit] * old + variance * new
        deviation = np.sqrt(variance + np.float32(NORM_EPSILON))
        work.deviations[start + unit] = deviation
        for row in range(rows):
            hat[row, unit] = (z[row, unit] - mean) / deviation
            z[row, unit] = hat[row, unit] * scale[unit] + shift[unit]


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
    z = _view(work.inputs, work, layer, rows.size)
    slope = _view(work.slopes, work, layer, rows.size)
    outputs = layout.widths[-1]
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
                summed += math.exp(float(z[at, output]) - top)
            total += math.log(summed) + top - float(z[at, label])
            if training:
                for output in range(outputs):
                    p = math.exp(float(z[at, output]) - top) / summed
                    slope[at, output] = np.float32(p - (output == label)) * share
    return total


@compiled
def _backward(layout: Layout, state: State, work: Work, rows: int) -> None:
    """Gradients of all weights, from the slopes by the logits."""
    for layer in range(len(layout.kernels) - 1, -1, -1):
        slope = _view(work.slopes, work, layer + 1, rows)
        a = _view(work.inputs, work, layer, rows)
        np.dot(a.T, slope, _kernel(state.gradient, layout, layer))
        units, at = layout.widths[layer + 1], layout.biases[layer]
        bias = state.gradient[at : at + units]
        bias[:] = ZERO
        for row in range(rows):
            for unit in range(units):
                bias[unit] += slope[row, unit]
        if layer == 0:
            return
        below = _view(work.slopes, work, layer, rows)
        np.dot(slope, _kernel(state.weights, layout, layer).T, below)
        flat = below.ravel()
        if layout.dropout[layer - 1]:
            flat *= _view(work.keep, work, layer, rows).ravel()
        z = _view(work.before, work, layer, rows).ravel()
        times_slope(layout.activations[layer - 1], z, flat)
        if layout.norms[layer - 1] >= 0:
            _normalize_back(layout, state, work, layer - 1, rows)


@compiled
def _normalize_back(layout: Layout, state: State, work: Work, layer: int, rows: int) -> None:
    """From slopes behind batch normalization to those in front (Ioffe and Szegedy 2015, sec. 3)."""
    units, at = layout.widths[layer + 1], layout.norms[layer]
    slope = _view(work.slopes, work, layer + 1, rows)
    hat = _view(work.hats, work, layer + 1, rows)
    start = work.places[layer + 1]
    for unit in range(units):
        by_scale = by_shift = ZERO
        for row in range(rows):
            by_scale += slope[row, unit] * hat[row, unit]
            by_shift += slope[row, unit]
        state.gradient[at + unit] = by_scale
        state.gradient[at + units + unit] = by_shift
        factor = state.weights[at + unit] / work.deviations[start + unit]
        for row in range(rows):
            centred = slope[row, unit] - (by_shift + hat[row, unit] * by_scale) / np.float32(rows)
            slope[row, unit] = factor * centred


@compiled
def _adam(
    weight: Floats,
    mean: Floats,
    square: Floats,
    gradient: Floats,
    l1: np.float32,
    l2: np.float32,
    pace: np.float32,
) -> None:
    """One step of Adam as Keras takes it: bias correction in the pace, epsilon outside the root.

    The gradient of the penalty l1·Σ|w| + l2·Σw² is added in closed form, 0 at w = 0.
    """
    new_mean, new_square = np.float32(1.0 - BETA_1), np.float32(1.0 - BETA_2)
    for n in range(weight.size):
        w = weight[n]
        sign = ONE if w > ZERO else (-ONE if w < ZERO else ZERO)
        g = gradient[n] + (l1 * sign + TWO * l2 * w)
        m = mean[n] + (g - mean[n]) * new_mean
        v = square[n] + (g * g - square[n]) * new_square
        mean[n], square[n] = m, v
        weight[n] = w - pace * m / (np.sqrt(v) + ADAM_EPSILON)
