"""Compute the outputs of a builder's network with Keras.

A served model of such a network carries a copy of this file, so it stands alone and imports nothing
of this project. `portable.py` writes the files that it reads: the weights and the builder's source,
which is run when the model is loaded (models from code). Nothing is pickled.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt

Float32s = npt.NDArray[np.float32]
# Building clears nothing and seeds nothing, but layers are named by a count.
ONE_AT_A_TIME = threading.Lock()
BLOCK_ROWS = 1024


def read_network(path: str | Path, classes: int) -> Callable[[Float32s], Float32s]:
    """Build the network, and return the function from prepared rows to outputs.

    The outputs are probabilities, of the second class if there are two, or numbers without classes.
    """
    with np.load(path, allow_pickle=False) as file:
        build = json.loads(str(file["build"]))
        count = sum(name.startswith("weight_") for name in file)
        arrays = [file[f"weight_{number}"] for number in range(count)]
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with ONE_AT_A_TIME:
        values = SimpleNamespace(**build["regularization"])
        model = _function(build)(build["inputs"], build["outputs"], values)
        # A model of a class of its own has no weights before it has seen rows.
        model(np.zeros((1, build["inputs"]), np.float32), training=False)
        model.set_weights(arrays)

    def outputs(x: Float32s) -> Float32s:
        starts = range(0, len(x), BLOCK_ROWS)
        blocks = [_floats(model(x[at : at + BLOCK_ROWS], training=False)) for at in starts]
        z = np.concatenate(blocks)
        if not classes:
            return z
        if z.shape[1] == 1:
            # exp overflows to infinity, of which the reciprocal is the right 0.
            with np.errstate(over="ignore"):
                p: Float32s = np.reciprocal(1 + np.exp(-z))
            return p
        powers = np.exp(z - z.max(axis=1, keepdims=True))
        shares: Float32s = powers / powers.sum(axis=1, keepdims=True)
        return shares

    return outputs


def _floats(values: Any) -> Float32s:
    import keras

    array: Float32s = np.asarray(keras.ops.convert_to_numpy(values), np.float32)
    return array


def _function(build: dict[str, Any]) -> Callable[..., Any]:
    """Run the builder's source as a module, and return its function."""
    # Two models in one process each have their own.
    module = ModuleType(f"builder_{abs(hash(build['source']))}")
    sys.modules[module.__name__] = module
    exec(compile(build["source"], module.__name__, "exec"), module.__dict__)
    function: Callable[..., Any] = getattr(module, build["function"])
    return function
