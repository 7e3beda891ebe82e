"""The registered model: it takes raw rows and returns classes with probabilities, or numbers.

MLflow leaves out, with a warning in its log, what a signature does not list. So the signature lists
no inputs, and the model itself sees to it that rows have its columns, all of them and no other.
MLflow runs this file when it loads the model (models from code), so it stands alone and imports
nothing of this project but what the model carries a copy of; nothing of the model is pickled. It
needs MLflow, pandas, NumPy and threadpoolctl, but neither Keras nor scikit-learn, which take
seconds to import. A builder's network needs Keras, and comes with the builder's source.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import mlflow
import numpy as np
import numpy.typing as npt
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.pyfunc import PythonModel, PythonModelContext

Float32s = npt.NDArray[np.float32]


class RegularizedNetwork(PythonModel):  # type: ignore[misc]
    """The preparation and the network as `compare` fitted them.

    keras_file: the same network as Keras saved it, which reads what `prepare` returns.
    """

    def load_context(self, context: PythonModelContext) -> None:
        """Read the network, the preparation and the names of columns and classes."""
        paths = context.artifacts
        self.inference, self.rows = _module(paths["inference"]), _module(paths["rows"])
        self.number = self.inference.read_number(paths["weights"])
        self.steps = _read_json(paths["preparation"])
        self.schema = _read_json(paths["schema"])
        if "built_inference" in paths:
            built, classes = _module(paths["built_inference"]), len(self.schema["classes"])
            self.layers = built.read_network(paths["weights"], classes)
        else:
            self.layers = self.inference.read_layers(paths["weights"])
        self.keras_file = Path(paths["network"])

    def prepare(self, model_input: Any) -> Float32s:
        """Return the (row, column) matrix of raw rows that the network reads."""
        return self._read(model_input)[1]

    def predict(
        self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Return a row per raw row: `prediction`, then `probability_<class>` for each class.

        A predicted number is followed by `low` and `high`, the ends of its interval.

        model_input: a DataFrame, or what one is made of: columns by name, or a list of rows.
        (From a wider type hint MLflow would infer a signature.) `MlflowException`, which a server
        answers with status 400, tells what is wrong with them.
        """
        rows, x = self._read(model_input)
        if self.number is not None:
            values = self.inference.numbers(self.layers, self.number, x)
            return pd.DataFrame(values, rows.index, ["prediction", "low", "high"])
        p = self.inference.probabilities(self.layers, x)
        classes = np.array(self.schema["classes"])
        answer = {"prediction": classes[p.argmax(1)]}
        answer |= {f"probability_{name}": p[:, number] for number, name in enumerate(classes)}
        return pd.DataFrame(answer, index=rows.index)

    def _read(self, model_input: Any) -> tuple[pd.DataFrame, Float32s]:
        try:
            rows = _table(model_input)
            plain = self.rows.plain_rows(rows, self.schema["columns"])
            if rows.empty:
                raise ValueError("no rows, want at least one.")
        except ValueError as error:
            raise MlflowException(str(error), INVALID_PARAMETER_VALUE) from None
        return rows, self.rows.prepared_matrix(plain, self.steps)


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


def _read_json(path: str) -> Any:
    return json.loads(Path(path).read_text(encoding="utf-8"))


def _module(path: str) -> ModuleType:
    """Run the module or package at a path."""
    file = Path(path, "__init__.py") if Path(path).is_dir() else Path(path)
    # Two models in one process each have their own.
    name = f"model_{file.stem}_{abs(hash(path))}"
    spec = importlib.util.spec_from_file_location(
        name, file, submodule_search_locations=[path] if file.name == "__init__.py" else None
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # A package's modules import each other relatively, and so by this name.
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


mlflow.models.set_model(RegularizedNetwork())
