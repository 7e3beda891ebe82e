"""The registered model: raw rows in, probabilities and the most probable class out.

MLflow runs this file when it loads the model (models from code), so it stands alone and imports
nothing of this project; nothing of the model is pickled.
"""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path
from types import ModuleType
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow.pyfunc import PythonModel, PythonModelContext

# Plain values that skops names before it builds them.
TRUSTED = ["numpy.dtype"]
BLOCK_ROWS = 8192


class RegularizedNetwork(PythonModel):  # type: ignore[misc]
    """Preparation and network as `compare` fitted them."""

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
        """One row per raw row: `prediction`, then `probability_<class>` for each class."""
        plain = self.plain_rows(model_input, self.schema["columns"])
        x = np.asarray(self.preparation.transform(plain), np.float32)
        blocks = [x[start : start + BLOCK_ROWS] for start in range(0, len(x), BLOCK_ROWS)]
        # Called and not `predict`: that builds a new graph for each model it meets.
        p = np.concatenate([np.asarray(self.network(block, training=False)) for block in blocks])
        if p.shape[1] == 1:
            p = np.concatenate([1 - p, p], axis=1)
        classes = np.array(self.schema["classes"])
        rows = pd.DataFrame({"prediction": classes[p.argmax(1)]}, index=model_input.index)
        for number, name in enumerate(classes):
            rows[f"probability_{name}"] = p[:, number]
        return rows


def _module(path: str) -> ModuleType:
    """The code at a path, run: what turns raw rows into those the preparation takes."""
    spec = importlib.util.spec_from_file_location("model_rows", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


mlflow.models.set_model(RegularizedNetwork())
