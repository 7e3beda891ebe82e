"""The registered networks as the files that models are made of, and what these models predict."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from sklearn.compose import ColumnTransformer

from pipeline.comparison.assessment import Predictions
from pipeline.comparison.kinds import Kind
from pipeline.comparison.material import RawRows
from pipeline.comparison.networks import Networks
from pipeline.data.portable import portable_steps
from pipeline.data.schema import Schema
from pipeline.project.outputs import MODELS, PREPARATION, SCHEMA, write_json
from pipeline.tasks.arrays import Floats, Labels
from pipeline.tracking.models.logged import ModelFiles, open_model
from pipeline.training.architecture import Architecture
from pipeline.training.portable import write_weights


def export_models(
    networks: Mapping[Kind, Networks], architecture: Architecture, preparation: ColumnTransformer
) -> dict[Kind, ModelFiles]:
    """Save the registered network of each kind, as weights and as a Keras model, and the steps."""
    # TensorFlow sets environment variables when it is imported, and takes seconds.
    from pipeline.training.network import export_network

    write_json(PREPARATION, portable_steps(preparation))
    models = {}
    for kind, trained in networks.items():
        files = ModelFiles(
            network=MODELS / f"{kind}.keras",
            weights=MODELS / f"{kind}.npz",
            preparation=PREPARATION,
            schema=SCHEMA,
        )
        weights = trained.fits[trained.registered].weights
        write_weights(files.weights, architecture, weights)
        export_network(architecture, trained.regularization, weights).save(files.network)
        models[kind] = files
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
