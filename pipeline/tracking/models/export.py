"""The registered networks as the files that models are made of, and what these models predict."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import skops.io
from sklearn.compose import ColumnTransformer

from pipeline.comparison.assessment import Predictions
from pipeline.comparison.kinds import Kind
from pipeline.comparison.material import RawRows
from pipeline.comparison.networks import Networks
from pipeline.data.schema import Schema
from pipeline.project.outputs import MODELS, PREPARATION, SCHEMA
from pipeline.tasks.arrays import Floats, Labels
from pipeline.tracking.models.logged import ModelFiles, open_model
from pipeline.training.architecture import Architecture


def export_models(
    networks: Mapping[Kind, Networks], architecture: Architecture, preparation: ColumnTransformer
) -> dict[Kind, ModelFiles]:
    """Save the registered network of each kind as a Keras model, beside the preparation."""
    # TensorFlow sets environment variables when it is imported, and takes seconds.
    from pipeline.training.network import export_network

    MODELS.mkdir(exist_ok=True)
    skops.io.dump(preparation, PREPARATION)
    models = {}
    for kind, trained in networks.items():
        path = MODELS / f"{kind}.keras"
        weights = trained.fits[trained.registered].weights
        export_network(architecture, trained.regularization, weights).save(path)
        models[kind] = ModelFiles(network=path, preparation=PREPARATION, schema=SCHEMA)
    return models


def served_predictions(
    models: Mapping[Kind, ModelFiles], rows: RawRows, y: Labels, schema: Schema
) -> Predictions:
    """Predict through the very models that are registered: what is judged is what will be served.

    y: (test row,) class numbers.
    """
    return Predictions(
        test={kind: _predict(files, rows.test[schema.features]) for kind, files in models.items()},
        val=_predict(models["best"], rows.val[schema.features]),
        y=y,
        classes=schema.classes,
    )


def _predict(files: ModelFiles, raw: pd.DataFrame) -> Floats:
    """Return the (row, class) probabilities of raw rows."""
    probability: Floats = open_model(files).predict(None, raw).iloc[:, 1:].to_numpy(float)
    return probability
