"""A small model as `compare` registers it, for tests of what a server takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import skops.io

from pipeline.config.sections.data import CategoryParams
from pipeline.data.description import describe
from pipeline.data.preparation import Preparation
from pipeline.data.table import Table
from pipeline.tracking.models.logged import ModelFiles
from pipeline.training._tensorflow import keras


def write_model(folder: Path, table: Table) -> ModelFiles:
    """Write a network whose answer depends on every column of the table, and its preparation."""
    schema = describe(table, None)
    rows = table.frame[schema.features]
    made = Preparation(schema, "standard", CategoryParams(rare=0.0, most=50)).fit(rows)
    width = made.transform(rows).shape[1]
    network = keras.Sequential([keras.Input((width,)), keras.layers.Dense(1, "sigmoid")])
    weights = np.linspace(-0.1, 0.1, width, dtype=np.float32)[:, None] + 0.003
    network.set_weights([weights, np.zeros(1, np.float32)])
    network.save(folder / "network.keras")
    skops.io.dump(made.steps, folder / "preparation.skops")
    (folder / "schema.json").write_text(schema.model_dump_json())
    return ModelFiles(
        network=folder / "network.keras",
        preparation=folder / "preparation.skops",
        schema=folder / "schema.json",
    )
