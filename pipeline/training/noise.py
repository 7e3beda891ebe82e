"""Gaussian noise on the inputs of a network in training (Bishop 1995)."""

from __future__ import annotations

import math

import numpy as np

from pipeline.compiled import compiled
from pipeline.training.architecture import Architecture
from pipeline.training.arrays import Float32s
from pipeline.training.layout import Phase, Workspace, layer_view
from pipeline.training.random_streams import philox

# Words of four normal numbers; the layer is one that no dropout mask has.
WORDS, INPUT_LAYER = 4, 0xFFFFFFFF
UNIT = 2.0**-32


@compiled
def add_noise(work: Workspace, rows: int, deviation: np.float32, phase: Phase) -> None:
    """Add the noise of a step to the inputs of the first layer."""
    inputs = layer_view(work.inputs, work, 0, rows).ravel()
    words = np.empty(WORDS)
    key_0, key_1 = np.uint32(phase.seed), np.uint32(phase.seed >> 32)
    for start in range(0, inputs.size, WORDS):
        a, b, c, d = philox(
            np.uint32(start // WORDS), np.uint32(phase.step), np.uint32(phase.epoch),
            np.uint32(INPUT_LAYER), key_0, key_1,
        )  # fmt: skip
        _normals(a, b, words[:2])
        _normals(c, d, words[2:])
        for n in range(start, min(start + WORDS, inputs.size)):
            inputs[n] += deviation * np.float32(words[n - start])


@compiled
def _normals(a: np.uint32, b: np.uint32, pair: np.ndarray) -> None:
    """Make two standard normal numbers of two random words (Box and Muller 1958)."""
    radius = math.sqrt(-2.0 * math.log((float(a) + 1.0) * UNIT))
    angle = 2.0 * math.pi * float(b) * UNIT
    pair[0], pair[1] = radius * math.cos(angle), radius * math.sin(angle)


def input_noise(seed: int, epoch: int, step: int, rows: int, features: int) -> Float32s:
    """Return the standard normal numbers (row, feature) that a step adds."""
    work = Workspace.of(Architecture(features, 0, (), False, False), rows)
    add_noise(work, rows, np.float32(1), Phase(True, seed, epoch, step))
    return work.inputs[: rows * features].reshape(rows, features)
