"""Where a member's numbers lie in memory: weights, scratch, and how the compiled steps see them.

Axes: row, unit, all float32 and contiguous. A member's weights are one flat vector in the order of
`keras.Model.get_weights()`; `Layout` says where each array begins.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.compiled import compiled
from pipeline.training.activations import NAMES
from pipeline.training.architecture import Architecture
from pipeline.training.random_streams import mask_places

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

BLOCK_ROWS = 128  # rows evaluated at once: as many as still fit a core's cache


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
    multiplies with. deviations: (layer, unit). sums: (2, unit), of one layer. bits: of one layer's
    mask. turned: (2, unit, row), slopes of one layer and of the one below it.
    """

    inputs: Floats
    before: Floats
    hats: Floats
    slopes: Floats
    keep: Floats
    deviations: Floats
    sums: Floats
    bits: npt.NDArray[np.uint16]
    turned: Floats
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
            np.zeros((2, int(widths.max())), np.float32),
            np.zeros(mask_places(rows * max(masked, default=1)), np.uint16),
            np.zeros((2, rows * int(widths.max())), np.float32),
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
def view(buffer: Floats, work: Work, layer: int, rows: int) -> Floats:
    """(row, unit) of one layer in a scratch array."""
    start, end = work.places[layer], work.places[layer + 1]
    return buffer[start * rows : end * rows].reshape(rows, end - start)


@compiled
def kernel_of(vector: Floats, layout: Layout, layer: int) -> Floats:
    """(in, out) of one layer in a flat vector."""
    fan_in, fan_out, at = layout.widths[layer], layout.widths[layer + 1], layout.kernels[layer]
    return vector[at : at + fan_in * fan_out].reshape(fan_in, fan_out)
