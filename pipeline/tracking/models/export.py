"""The registered networks as the files that models are made of, and what these models predict."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from sklearn.compose import ColumnTransformer

from pipeline.comparison.assessment import Predictions
from pipeline.comparison.kinds import Kind
from pipeline.comparison.material import RawRows
from pipeline.comparison.plan import Findings
from pipeline.data.portable import portable_steps
from pipeline.data.schema import Schema
from pipeline.project.outputs import MODELS, PREPARATION, SCHEMA, write_json
from pipeline.tasks.arrays import Floats, Labels
from pipeline.tracking.models.logged import ModelFiles, open_model
from pipeline.training.keras_files import KerasFile
from pipeline.training.portable import write_weights


def export_models(findings: Findings, preparation: ColumnTransformer) -> dict[Kind, ModelFiles]:
    """Write what is served of the registered network of each kind: its weights, and the steps."""
    write_json(PREPARATION, portable_steps(preparation))
    models: dict[Kind, ModelFiles] = {}
    for kind, trained in findings.networks.items():
        models[kind] = ModelFiles(
            network=MODELS / f"{kind}.keras",
            weights=MODELS / f"{kind}.npz",
            preparation=PREPARATION,
            schema=SCHEMA,
        )
        weights = trained.fits[trained.registered].weights
        write_weights(models[kind].weights, findings.architecture, weights)
    return models


def keras_files(models: Mapping[Kind, ModelFiles], findings: Findings) -> list[KerasFile]:
    """List the Keras models to save beside what is served."""
    return [
        KerasFile(
            files.network,
            files.weights,
            findings.architecture,
            findings.networks[kind].regularization,
        )
        for kind, files in models.items()
    ]


def served_predictions(
    models: Mapping[Kind, ModelFiles], rows: RawRows, y: Labels, schema: Schema
) -> Predictions:
    """Predict through the very models that are registered: what is judged is what will be served.

    y: (test row,) class numbers.
    """
    return Predictions(
        test={kind: _predict(files, rows.test[schema.features]) for kind, files in models.items()},
        val=_predict(models["tuned"], rows.val[schema.features]),
        y=y,
        classes=schema.classes,
    )


def _predict(files: ModelFiles, raw: pd.DataFrame) -> Floats:
    """Return the (row, class) probabilities of raw rows."""
    probability: Floats = open_model(files).predict(None, raw).iloc[:, 1:].to_numpy(float)
    return probability
