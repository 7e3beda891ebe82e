"""The network as Keras configures it: the definition that every trainer follows.

A configuration needs no Keras, which with TensorFlow takes seconds and hundreds of megabytes to
start: `network.py` has Keras build the network, `keras_files.py` writes its file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipeline.config.sections.regularization import Regularization
from pipeline.training.architecture import NORM_EPSILON, NORM_MOMENTUM, Architecture

# What Keras' `serialize_keras_object` gives of a layer, without the values that are its defaults.
LayerConfig = dict[str, Any]
NAME = "network"


def network_config(architecture: Architecture, regularization: Regularization) -> dict[str, Any]:
    """Return the configuration of a `keras.Sequential`.

    Noise is added to the inputs if wanted. Each hidden layer is Dense, then batch normalization if
    wanted, then the activation, then dropout where the architecture has it. The output is a
    probability, of class 1 for two classes, else one per class; or, without classes, a number.
    """
    shape = [None, architecture.features]
    layers = list(_layers(architecture, regularization))
    return {"name": NAME, "layers": layers, "build_input_shape": shape}


def _layers(architecture: Architecture, regularization: Regularization) -> Iterator[LayerConfig]:
    penalty = {
        "module": "keras.regularizers",
        "class_name": "L1L2",
        "config": {"l1": regularization.l1, "l2": regularization.l2},
    }
    limit = {
        "module": "keras.constraints",
        "class_name": "MaxNorm",
        "config": {"max_value": regularization.max_norm},
    }

    def kernel(acts: bool) -> dict[str, Any]:
        limited = acts and regularization.max_norm is not None
        return {
            "kernel_regularizer": penalty if acts else None,
            **({"kernel_constraint": limit} if limited else {}),
        }

    yield _layer("InputLayer", "prepared", batch_shape=[None, architecture.features])
    if regularization.input_noise:
        yield _layer("GaussianNoise", "input_noise", stddev=regularization.input_noise)
    for number, layer in enumerate(architecture.layers, start=1):
        yield _layer("Dense", f"dense_{number}", units=layer.units, **kernel(layer.penalty))
        if architecture.batch_norm:
            norm = {"momentum": NORM_MOMENTUM, "epsilon": NORM_EPSILON}
            yield _layer("BatchNormalization", f"norm_{number}", **norm)
        yield _layer("Activation", f"activation_{number}", activation=layer.activation)
        if layer.dropout:
            yield _layer("Dropout", f"dropout_{number}", rate=regularization.dropout)
    yield _layer(
        "Dense",
        "probability" if architecture.classes else "number",
        units=architecture.outputs,
        activation=output_activation(architecture),
        **kernel(architecture.penalize_output),
    )


def output_activation(architecture: Architecture) -> str:
    """Return the name of the output layer's activation."""
    if architecture.classes == 0:
        return "linear"
    return "sigmoid" if architecture.outputs == 1 else "softmax"


def _layer(kind: str, name: str, **config: object) -> LayerConfig:
    return {"module": "keras.layers", "class_name": kind, "config": {"name": name, **config}}
