"""Models to serve: the default network as it is registered, and as it was while Keras served it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import skops.io
from mlflow import MlflowClient
from sklearn.compose import ColumnTransformer

from benchmarks.serving import NAME, SIDES
from pipeline.config.params import load_params
from pipeline.data import rows as rows_package
from pipeline.data.description import describe
from pipeline.data.portable import portable_steps
from pipeline.data.preparation import Preparation
from pipeline.data.sources.dispatch import load_table
from pipeline.project.outputs import write_json
from pipeline.tracking.models.logged import ModelFiles, log_model
from pipeline.training.architecture import Architecture, initial_weights
from pipeline.training.portable import write_weights


def register(folder: Path) -> None:
    """Register the default network on its table, untrained, as each side serves it."""
    from pipeline.training.network import export_network  # starts TensorFlow

    params = load_params()
    table = load_table(params.data, params.split)
    schema = describe(table, params.split.group)
    rows = table.frame[schema.features]
    made = Preparation(schema, params.data.scale, params.data.categories).fit(rows)
    width, classes = made.transform(rows[:1]).shape[1], len(schema.classes)
    architecture = Architecture.of(params.network, width, classes)
    weights = initial_weights(architecture, params.seed)
    files = ModelFiles(
        network=folder / "network.keras",
        weights=folder / "network.npz",
        preparation=folder / "preparation.json",
        schema=folder / "schema.json",
    )
    export_network(architecture, params.baseline, weights).save(files.network)
    write_weights(files.weights, architecture, weights)
    write_json(files.preparation, portable_steps(made.steps))
    files.schema.write_text(schema.model_dump_json())
    rows.to_parquet(folder / "rows.parquet")

    client = MlflowClient()
    run = client.create_run(client.create_experiment(NAME, f"{folder}/artifacts"))
    model = log_model(client, run, files, rows[:5], SIDES[0])
    former = former_files(folder, files, made.steps)
    mlflow.pyfunc.save_model(folder / SIDES[1], input_example=rows[:5], **former)
    client.create_registered_model(NAME)
    for source in (f"models:/{model}", str(folder / SIDES[1])):
        client.create_model_version(NAME, source, run.info.run_id)


def former_files(folder: Path, files: ModelFiles, steps: ColumnTransformer) -> dict[str, Any]:
    """Return what MLflow saves a model of, as models were made while Keras served them.

    files: those of the model as it is made now. steps: of its preparation, fitted.
    """
    preparation = folder / "preparation.skops"
    skops.io.dump(steps, preparation)
    return {
        "python_model": str(Path(__file__).with_name("served_with_keras.py")),
        "artifacts": {
            "network": str(files.network),
            "preparation": str(preparation),
            "schema": str(files.schema),
            "rows": str(Path(rows_package.__file__).parent),
        },
        "pip_requirements": ["mlflow", "keras", "scikit-learn", "skops", "tensorflow"],
    }


if __name__ == "__main__":
    register(Path(sys.argv[1]))
