"""Write a fitted network as the file that `keras.models.load_model` reads, without Keras.

A `.keras` file is an archive of the configuration as JSON and of the weights as HDF5. Keras with
TensorFlow would take five seconds and 700 MB to write the same, and nothing else of a run needs it.
"""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zipfile import ZipFile, ZipInfo

from pipeline.config.sections.regularization import Regularization
from pipeline.training.architecture import Architecture
from pipeline.training.arrays import FloatArray
from pipeline.training.network_config import NAME, LayerConfig, network_config

# How many weights a layer has. Those without a line have none.
WEIGHTS = {"Dense": 2, "BatchNormalization": 4}


def write_keras_file(
    path: Path,
    architecture: Architecture,
    regularization: Regularization,
    weights: Sequence[FloatArray],
) -> None:
    """Write a network to a file; equal networks give equal bytes.

    weights: in the order of `keras.Model.get_weights()`.
    """
    config = network_config(architecture, regularization)
    members = {
        "metadata.json": json.dumps({"keras_version": version("keras")}).encode(),
        "config.json": json.dumps(_object("keras", "Sequential", config)).encode(),
        "model.weights.h5": _weights_file(config["layers"][1:], weights),
    }
    with ZipFile(path, "w") as archive:
        for name, content in members.items():
            # Without a time, an entry gets the earliest that the format knows.
            archive.writestr(ZipInfo(name), content)


def _object(module: str, kind: str, config: dict[str, Any]) -> dict[str, Any]:
    return {"module": module, "class_name": kind, "config": config}


def _weights_file(layers: Sequence[LayerConfig], weights: Sequence[FloatArray]) -> bytes:
    """Return the HDF5 file in which each layer has a group, and a data set per weight."""
    import h5py  # only here: it takes a tenth of a second

    content, left = io.BytesIO(), iter(weights)
    with h5py.File(content, "w") as file:
        # In Keras' order, so that a network has the same bytes, and digest, whoever wrote it.
        file.create_group("vars").attrs["name"] = NAME
        for layer, group in _groups(layers):
            variables = file.create_group(f"layers/{group}").create_group("vars")
            variables.attrs["name"] = layer["config"]["name"]
            for number in range(WEIGHTS.get(layer["class_name"], 0)):
                variables[str(number)] = next(left)
    return content.getvalue()


def _groups(layers: Sequence[LayerConfig]) -> Iterator[tuple[LayerConfig, str]]:
    """Yield each layer with its group, which Keras names after its class and a count."""
    seen: Counter[str] = Counter()
    for layer in layers:
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", layer["class_name"]).lower()
        yield layer, f"{name}_{seen[name]}" if seen[name] else name
        seen[name] += 1
