"""The Keras network: the definition that every trainer follows."""

from __future__ import annotations

from pipeline.config.sections.regularization import Regularization
from pipeline.training._tensorflow import keras
from pipeline.training.architecture import NORM_EPSILON, NORM_MOMENTUM, Architecture
from pipeline.training.arrays import FloatArray


def build_network(architecture: Architecture, regularization: Regularization) -> keras.Sequential:
    """Build the network, without compiling it.

    Each hidden layer is Dense, then batch normalization if wanted, then the activation, then
    dropout where the architecture has it. The output is a probability, of class 1 for two
    classes, else one per class; or, without classes, a number.
    """
    output = ("probability", "sigmoid" if architecture.outputs == 1 else "softmax")
    name, activation = output if architecture.classes else ("number", "linear")

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
            activation=activation,
            kernel_regularizer=penalty(architecture.penalize_output),
            name=name,
        )
    )
    return keras.Sequential(stack, name="network")


def export_network(
    architecture: Architecture, regularization: Regularization, weights: list[FloatArray]
) -> keras.Sequential:
    """Build an ordinary Keras model with exactly these weights."""
    network = build_network(architecture, regularization)
    network.set_weights(weights)
    return network
