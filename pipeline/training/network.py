"""The Keras network: the definition that every trainer computes."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np

from pipeline.params import LayerParams, NetworkParams, Regularization
from pipeline.training.fit import FloatArray

NORM_MOMENTUM = 0.99
NORM_EPSILON = 1e-3


@dataclass(frozen=True)
class Architecture:
    """Shape of the network: what all members of a stack have in common."""

    features: int
    classes: int
    layers: tuple[LayerParams, ...]
    penalize_output: bool
    batch_norm: bool

    @classmethod
    def of(cls, network: NetworkParams, features: int, classes: int) -> Architecture:
        """The architecture of the parameters for this many prepared columns and classes."""
        return cls(features, classes, network.layers, network.penalize_output, network.batch_norm)

    @property
    def outputs(self) -> int:
        """One sigmoid for two classes, one softmax unit per class for more."""
        return 1 if self.classes == 2 else self.classes


def build_network(architecture: Architecture, regularization: Regularization) -> keras.Sequential:
    """The network, not compiled.

    Each hidden layer is Dense, then batch normalization if wanted, then the activation, then
    dropout where the architecture has it. The output is a probability: of class 1 for two
    classes, else one per class.
    """

    def penalty(acts: bool) -> keras.Regularizer | None:
        return keras.regularizers.L1L2(regularization.l1, regularization.l2) if acts else None

    stack: list[keras.layers.Layer] = [keras.Input((architecture.features,), name="prepared")]
    for number, layer in enumerate(architecture.layers, start=1):
        stack.append(
            keras.layers.Dense(
                layer.units, kernel_regularizer=penalty(layer.penalty), name=f"dense_{number}"
            )
        )
        if architecture.batch_norm:
            stack.append(
                keras.layers.BatchNormalization(
                    momentum=NORM_MOMENTUM, epsilon=NORM_EPSILON, name=f"norm_{number}"
                )
            )
        stack.append(keras.layers.Activation(layer.activation, name=f"activation_{number}"))
        if layer.dropout:
            stack.append(keras.layers.Dropout(regularization.dropout, name=f"dropout_{number}"))
    stack.append(
        keras.layers.Dense(
            architecture.outputs,
            activation="sigmoid" if architecture.outputs == 1 else "softmax",
            kernel_regularizer=penalty(architecture.penalize_output),
            name="probability",
        )
    )
    return keras.Sequential(stack, name="network")


def initial_weights(architecture: Architecture, seed: int) -> list[FloatArray]:
    """Weights a fit starts from, in the order of `keras.Model.get_weights()`.

    Kernels are Glorot uniform (Glorot and Bengio 2010, eq. 16), as Keras draws them by default;
    drawn here with NumPy, so that the same seed gives the same start in every trainer.
    """
    rng = np.random.Generator(np.random.Philox(key=seed))
    widths = [architecture.features, *(layer.units for layer in architecture.layers)]
    weights: list[FloatArray] = []
    for fan_in, fan_out in zip(widths, [*widths[1:], architecture.outputs], strict=True):
        limit = np.sqrt(6.0 / (fan_in + fan_out))
        weights.append(rng.uniform(-limit, limit, (fan_in, fan_out)).astype(np.float32))
        weights.append(np.zeros(fan_out, np.float32))
        if architecture.batch_norm and len(weights) < _length(architecture):
            scale, moving_variance = np.ones(fan_out, np.float32), np.ones(fan_out, np.float32)
            shift, moving_mean = np.zeros(fan_out, np.float32), np.zeros(fan_out, np.float32)
            weights += [scale, shift, moving_mean, moving_variance]
    return weights


def _length(architecture: Architecture) -> int:
    """Number of weight arrays of the network."""
    per_layer = 6 if architecture.batch_norm else 2
    return per_layer * len(architecture.layers) + 2


def export_network(
    architecture: Architecture, regularization: Regularization, weights: list[FloatArray]
) -> keras.Sequential:
    """An ordinary Keras model with exactly these weights."""
    network = build_network(architecture, regularization)
    network.set_weights(weights)
    return network
