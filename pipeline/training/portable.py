"""Write a fitted network as plain arrays, which need no Keras to be read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pipeline.config.sections.regularization import Regularization
from pipeline.training.architecture import NORM_EPSILON, Architecture
from pipeline.training.arrays import FloatArray
from pipeline.training.network_config import output_activation


def write_built(
    path: Path,
    architecture: Architecture,
    regularization: Regularization,
    weights: Sequence[FloatArray],
    served: Sequence[float] | None = None,
) -> None:
    """Write what `built_inference.read_network` reads of a builder's network."""
    assert architecture.builder
    build = {
        # A copy: the file may be edited while the networks train.
        "source": architecture.builder.source,
        "function": architecture.builder.function,
        "inputs": architecture.features,
        "outputs": architecture.outputs,
        "regularization": regularization.model_dump(),
    }
    arrays = {f"weight_{number}": array for number, array in enumerate(weights)}
    if served is not None:
        arrays["number"] = np.array(served, np.float64)
    np.savez(path, allow_pickle=False, build=np.array(json.dumps(build)), **arrays)


def write_weights(
    path: Path,
    architecture: Architecture,
    weights: Sequence[FloatArray],
    served: Sequence[float] | None = None,
) -> None:
    """Write what `inference.read_layers` reads; equal networks give equal bytes.

    weights: in the order of `keras.Model.get_weights()`. served: what `inference.read_number` reads
    where a number is predicted.
    """
    names = [*(layer.activation for layer in architecture.layers), output_activation(architecture)]
    arrays: dict[str, FloatArray] = {}
    left = iter(weights)
    for number in range(len(names)):
        arrays[f"kernel_{number}"], arrays[f"bias_{number}"] = next(left), next(left)
        if architecture.batch_norm and number < len(architecture.layers):
            arrays[f"norm_{number}"] = np.stack([next(left) for _ in range(4)])
    if served is not None:
        arrays["number"] = np.array(served, np.float64)
    np.savez(
        path,
        allow_pickle=False,
        activations=np.array(names),
        norm_epsilon=np.array(NORM_EPSILON),
        **arrays,
    )
