"""The registered networks as the files that models are made of, and what these models predict."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer

from pipeline.comparison.assessment import Predictions
from pipeline.comparison.kinds import Kind
from pipeline.comparison.material import RawRows
from pipeline.comparison.plan import Findings
from pipeline.data.portable import portable_steps
from pipeline.data.schema import Schema
from pipeline.project.outputs import MODELS, PREPARATION, SCHEMA, write_json
from pipeline.tasks.arrays import Floats
from pipeline.tasks.metric import Targets
from pipeline.tracking.models.logged import ModelFiles, open_model
from pipeline.training.builder_trainer import save_built
from pipeline.training.keras_files import write_keras_file
from pipeline.training.portable import write_built, write_weights


def export_models(findings: Findings, preparation: ColumnTransformer) -> dict[Kind, ModelFiles]:
    """Write what is served of the registered network of each kind: its weights, and the steps."""
    write_json(PREPARATION, portable_steps(preparation))
    models: dict[Kind, ModelFiles] = {}
    shape = findings.architecture
    for kind, trained in findings.networks.items():
        models[kind] = ModelFiles(
            network=MODELS / f"{kind}.keras",
            weights=MODELS / f"{kind}.npz",
            preparation=PREPARATION,
            schema=SCHEMA,
            built=shape.builder is not None,
        )
        weights = trained.fits[trained.registered].weights
        number = findings.served[kind].exported if findings.served else None
        network, values = models[kind].network, trained.regularization
        if shape.builder:
            write_built(models[kind].weights, shape, values, weights, number)
            save_built(network, shape, values, weights)
        else:
            write_weights(models[kind].weights, shape, weights, number)
            # For people who want Keras; nothing here reads it.
            write_keras_file(network, shape, values, weights)
    return models


def served_predictions(
    models: Mapping[Kind, ModelFiles], rows: RawRows, y: Targets, schema: Schema
) -> Predictions:
    """Predict through the very models that are registered: what is judged is what will be served.

    y: (test row,) class numbers, or numbers.
    """
    served = {kind: _predict(files, rows.test[schema.features]) for kind, files in models.items()}
    val = _predict(models["tuned"], rows.val[schema.features])
    if schema.classes:
        test = {kind: _floats(answer.iloc[:, 1:]) for kind, answer in served.items()}
        return Predictions(test, _floats(val.iloc[:, 1:]), y, schema.classes)
    return Predictions(
        test={kind: _floats(answer[["prediction"]]) for kind, answer in served.items()},
        val=_floats(val[["prediction"]]),
        y=y,
        classes=(),
        low=_floats(served["tuned"]["low"]),
        high=_floats(served["tuned"]["high"]),
    )


def _predict(files: ModelFiles, raw: pd.DataFrame) -> pd.DataFrame:
    """Return what the model answers to raw rows."""
    return open_model(files).predict(None, raw)


def _floats(columns: pd.DataFrame | pd.Series) -> Floats:
    return np.asarray(columns, np.float64)
