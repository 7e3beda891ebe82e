"""Build the network that `network_config.py` defines, with Keras."""

from __future__ import annotations

from pipeline.config.sections.regularization import Regularization
from pipeline.training._tensorflow import keras
from pipeline.training.architecture import Architecture
from pipeline.training.arrays import FloatArray
from pipeline.training.network_config import network_config


def build_network(architecture: Architecture, regularization: Regularization) -> keras.Sequential:
    """Build the network, without compiling it."""
    return keras.Sequential.from_config(network_config(architecture, regularization))


def export_network(
    architecture: Architecture, regularization: Regularization, weights: list[FloatArray]
) -> keras.Sequential:
    """Build an ordinary Keras model with exactly these weights."""
    network = build_network(architecture, regularization)
    network.set_weights(weights)
    return network
