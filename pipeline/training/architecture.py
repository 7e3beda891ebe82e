"""The shape of the network, and the weights that a fit starts from."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pipeline.config.sections.network import LayerParams, NetworkParams
from pipeline.training.arrays import FloatArray
from pipeline.training.builder import Builder, builder_of

NORM_MOMENTUM = 0.99
NORM_EPSILON = 1e-3


@dataclass(frozen=True)
class Architecture:
    """The shape of the network, which all members of a stack share.

    classes: how many there are; 0 where a number is predicted. builder: builds the network in the
    place of the layers; None for the built-in network.
    """

    features: int
    classes: int
    layers: tuple[LayerParams, ...]
    penalize_output: bool
    batch_norm: bool
    builder: Builder | None = None

    @classmethod
    def of(cls, network: NetworkParams, features: int, classes: int) -> Architecture:
        """Return the architecture of these parameters for so many prepared columns and classes."""
        builder = builder_of(network)
        if builder:
            return cls(features, classes, (), False, False, builder)
        return cls(features, classes, network.layers, network.penalize_output, network.batch_norm)

    @property
    def outputs(self) -> int:
        """Number of output units: one for a number and for two classes, else one per class."""
        return 1 if self.classes in (0, 2) else self.classes

    @property
    def widths(self) -> list[int]:
        """Number of units of each layer, from the prepared columns to the outputs."""
        return [self.features, *(layer.units for layer in self.layers), self.outputs]


def initial_weights(architecture: Architecture, seed: int) -> list[FloatArray]:
    """Draw the weights that a fit starts from, in the order of `keras.Model.get_weights()`.

    Kernels are Glorot uniform (Glorot and Bengio 2010, eq. 16), which is Keras' default. They are
    drawn with NumPy, so that a seed gives the same initial weights in every trainer.
    """
    rng = np.random.Generator(np.random.Philox(key=seed))
    widths = architecture.widths
    weights: list[FloatArray] = []
    for layer, (fan_in, fan_out) in enumerate(pairwise(widths)):
        limit = np.sqrt(6.0 / (fan_in + fan_out))
        weights.append(rng.uniform(-limit, limit, (fan_in, fan_out)).astype(np.float32))
        weights.append(np.zeros(fan_out, np.float32))
        if architecture.batch_norm and layer < len(architecture.layers):
            scale, moving_variance = np.ones(fan_out, np.float32), np.ones(fan_out, np.float32)
            shift, moving_mean = np.zeros(fan_out, np.float32), np.zeros(fan_out, np.float32)
            weights += [scale, shift, moving_mean, moving_variance]
    return weights
