"""Say where a member's numbers lie in memory: its weights, and the workspace of a core.

Matrices are (row, unit), float32 and contiguous. A member's weights are one flat vector in the
order of `keras.Model.get_weights()`; `Layout` says where each array begins.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.compiled import compiled
from pipeline.training.activations import NAMES
from pipeline.training.architecture import Architecture
from pipeline.training.arrays import Flags, Float32s, Ints
from pipeline.training.random_streams import mask_buffer_size

BLOCK_ROWS = 128  # rows evaluated at once: as many as fit into a core's cache


class Layout(NamedTuple):
    """Says where a member's arrays lie in its flat vectors, and what is done to them.

    widths: (layer + 1,) units, the features first. kernels, biases, norms: (layer,) where each
    begins, the output layer included; at `norms` lie scale, shift, moving mean and moving variance,
    and -1 stands for none. activations, dropout: (hidden layer,) index in `activations.NAMES`, and
    whether dropout acts. segments: (segment, 3) start, end and whether penalized, for each stretch
    of the weights that Adam trains.
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
        """Return the layout of an architecture's weights."""
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
    """Flat vectors of one member: its weights, both moments of Adam, and the gradient.

    average: the exponential mean of the weights; empty where none is kept.
    """

    weights: Float32s
    mean: Float32s
    square: Float32s
    gradient: Float32s
    average: Float32s


class Workspace(NamedTuple):
    """Scratch memory of one core, overwritten by each step.

    inputs, preactivations, normalized, gradients, masks: a matrix (row, unit) per layer, one after
    another, the features' first. inputs: what each layer reads. preactivations: what its activation
    is applied to. normalized: pre-activations before batch normalization scales and shifts them.
    gradients: of the loss, first with respect to inputs, then, on the way back, with respect to
    pre-activations. masks: the factors of dropout.
    deviations: (layer, unit) standard deviations of batch normalization, flat. statistics: (2,
    unit) mean and variance of one layer. bits: random bits of one layer's mask. transposed: (2,
    unit, row) transposed gradients of one layer and of its inputs. offsets: (layer + 1,) units of
    all layers in front.
    """

    inputs: Float32s
    preactivations: Float32s
    normalized: Float32s
    gradients: Float32s
    masks: Float32s
    deviations: Float32s
    statistics: Float32s
    bits: npt.NDArray[np.uint16]
    transposed: Float32s
    offsets: Ints

    @classmethod
    def of(cls, architecture: Architecture, rows: int) -> Workspace:
        """Allocate a workspace for so many rows at once."""
        widths = np.array(architecture.widths)
        offsets = np.concatenate([[0], np.cumsum(widths)])
        size = rows * int(offsets[-1])
        masked = [layer.units for layer in architecture.layers if layer.dropout]
        inputs, preactivations, normalized, gradients, masks = np.zeros((5, size), np.float32)
        return cls(
            inputs,
            preactivations,
            normalized,
            gradients,
            masks,
            np.zeros(int(offsets[-1]), np.float32),
            np.zeros((2, int(widths.max())), np.float32),
            np.zeros(mask_buffer_size(rows * max(masked, default=1)), np.uint16),
            np.zeros((2, rows * int(widths.max())), np.float32),
            offsets,
        )


class Phase(NamedTuple):
    """Says whether rows pass in training, and which dropout masks the step then draws."""

    training: bool
    seed: int
    epoch: int
    step: int


INFERENCE = Phase(False, 0, 0, 0)


@compiled
def layer_view(buffer: Float32s, work: Workspace, layer: int, rows: int) -> Float32s:
    """Return the matrix (row, unit) of a layer in an array of the workspace."""
    start, end = work.offsets[layer], work.offsets[layer + 1]
    return buffer[start * rows : end * rows].reshape(rows, end - start)


@compiled
def kernel_view(vector: Float32s, layout: Layout, layer: int) -> Float32s:
    """Return the kernel (in, out) of a layer in a flat vector, or its gradient."""
    fan_in, fan_out, at = layout.widths[layer], layout.widths[layer + 1], layout.kernels[layer]
    return vector[at : at + fan_in * fan_out].reshape(fan_in, fan_out)
