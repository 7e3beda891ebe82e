"""Write a fitted network as plain arrays, which need no Keras to be read, and read them back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pipeline.training.architecture import NORM_EPSILON, Architecture
from pipeline.training.arrays import FloatArray


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
    probability = "sigmoid" if architecture.outputs == 1 else "softmax"
    output = probability if architecture.classes else "linear"
    names = [*(layer.activation for layer in architecture.layers), output]
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


def read_weights(path: Path) -> list[FloatArray]:
    """Return the weights in a file, in the order of `keras.Model.get_weights()`."""
    with np.load(path, allow_pickle=False) as file:
        weights: list[FloatArray] = []
        for number in range(len(file["activations"])):
            weights += [file[f"kernel_{number}"], file[f"bias_{number}"]]
            weights += [*file.get(f"norm_{number}", ())]
        return weights
