"""A small model as `compare` registers it, for tests of what a server takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipeline.config.sections.data import CategoryParams
from pipeline.config.sections.regularization import OFF
from pipeline.data.description import describe
from pipeline.data.portable import portable_steps
from pipeline.data.preparation import Preparation
from pipeline.data.table import Table
from pipeline.project.outputs import write_json
from pipeline.tracking.models.logged import ModelFiles
from pipeline.training.architecture import Architecture
from pipeline.training.network import export_network
from pipeline.training.portable import write_weights


def write_model(folder: Path, table: Table) -> ModelFiles:
    """Write a network whose answer depends on every column of the table, and its preparation."""
    made = fitted_preparation(table)
    width = made.transform(table.frame[made.schema.features]).shape[1]
    architecture = Architecture(width, 2, (), penalize_output=False, batch_norm=False)
    kernel = np.linspace(-0.1, 0.1, width, dtype=np.float32)[:, None] + np.float32(0.003)
    weights = [kernel, np.zeros(1, np.float32)]
    files = ModelFiles(
        network=folder / "network.keras",
        weights=folder / "network.npz",
        preparation=folder / "preparation.json",
        schema=folder / "schema.json",
    )
    export_network(architecture, OFF, weights).save(files.network)
    write_weights(files.weights, architecture, weights)
    write_json(files.preparation, portable_steps(made.steps))
    files.schema.write_text(made.schema.model_dump_json())
    return files


def fitted_preparation(table: Table) -> Preparation:
    """Return the preparation of that model."""
    schema = describe(table, None)
    made = Preparation(schema, "standard", CategoryParams(rare=0.0, most=50))
    return made.fit(table.frame[schema.features])
