"""The registered model: it takes raw rows and returns probabilities and the likeliest class.

This is the file that models carried while Keras and scikit-learn served them: what serving is
compared with, and the proof that such models still take part in a contest.

MLflow leaves out, with a warning in its log, what a signature does not list. So the signature lists
no inputs, and the model itself sees to it that rows have its columns, all of them and no other.
MLflow runs this file when it loads the model (models from code), so it stands alone and imports
nothing of this project; nothing of the model is pickled.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.pyfunc import PythonModel, PythonModelContext

# Plain values that skops names before it builds them.
TRUSTED = ["numpy.dtype"]
BLOCK_ROWS = 8192


class RegularizedNetwork(PythonModel):  # type: ignore[misc]
    """The preparation and the network as `compare` fitted them."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the network, the preparation and the names of columns and classes."""
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        import keras
        import skops.io

        self.network = keras.models.load_model(context.artifacts["network"], compile=False)
        self.preparation = skops.io.load(context.artifacts["preparation"], trusted=TRUSTED)
        self.schema = json.loads(Path(context.artifacts["schema"]).read_text(encoding="utf-8"))
        self.plain_rows = _module(context.artifacts["rows"]).plain_rows

    def predict(
        self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Return a row per raw row: `prediction`, then `probability_<class>` for each class.

        model_input: a DataFrame, or what one is made of: columns by name, or a list of rows.
        (From a wider type hint MLflow would infer a signature.) `MlflowException`, which a server
        answers with status 400, tells what is wrong.
        """
        try:
            rows = _table(model_input)
            plain = self.plain_rows(rows, self.schema["columns"])
        except ValueError as error:
            raise MlflowException(str(error), INVALID_PARAMETER_VALUE) from None
        if rows.empty:
            raise MlflowException("no rows, want at least one.", INVALID_PARAMETER_VALUE)
        x = np.asarray(self.preparation.transform(plain), np.float32)
        blocks = [x[start : start + BLOCK_ROWS] for start in range(0, len(x), BLOCK_ROWS)]
        # Called and not `predict`: that builds a new graph for each model it meets.
        p = np.concatenate([np.asarray(self.network(block, training=False)) for block in blocks])
        if p.shape[1] == 1:
            p = np.concatenate([1 - p, p], axis=1)
        classes = np.array(self.schema["classes"])
        answer = pd.DataFrame({"prediction": classes[p.argmax(1)]}, index=rows.index)
        for number, name in enumerate(classes):
            answer[f"probability_{name}"] = p[:, number]
        return answer


def _table(given: Any) -> pd.DataFrame:
    """Make a table of raw rows, whichever way they were sent."""
    if isinstance(given, pd.DataFrame):
        return given
    if isinstance(given, dict):
        columns = {name: _cells(cells) for name, cells in given.items()}
        one_row = not any(isinstance(cells, list) for cells in columns.values())
        return pd.DataFrame([columns] if one_row else columns)
    # A list may hold rows, but without names a row says nothing.
    if isinstance(given, list) and all(isinstance(row, dict) for row in given):
        return pd.DataFrame([{name: _cells(cell) for name, cell in row.items()} for row in given])
    raise ValueError(f"{type(given).__name__} given, want rows with the names of their columns.")


def _cells(given: Any) -> Any:
    """Return a column as a list and a cell as itself: MLflow makes arrays, even of single cells."""
    if isinstance(given, np.ndarray):
        given = given.tolist()
    # Among gaps, MLflow makes an array of arrays.
    return [_cells(cell) for cell in given] if isinstance(given, list) else given


def _module(path: str) -> ModuleType:
    """Run the package at a path: what turns raw rows into those the preparation takes."""
    # Two models in one process each have their own.
    name = f"model_rows_{abs(hash(path))}"
    spec = importlib.util.spec_from_file_location(
        name, Path(path) / "__init__.py", submodule_search_locations=[path]
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Its modules import each other relatively, and so by this name.
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


mlflow.models.set_model(RegularizedNetwork())
