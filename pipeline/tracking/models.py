"""Logging a network as a model that takes raw rows."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import mlflow.pyfunc
import pandas as pd
from mlflow.models.signature import ModelSignature, infer_signature
from mlflow.types.schema import AnyType, ColSpec, Schema

from pipeline.data import raw
from pipeline.tracking import served

# What `served` imports: all a server has to install.
REQUIREMENTS = ("mlflow", "keras", "numpy", "pandas", "scikit-learn", "skops", "tensorflow")

# Tag of a version: which file of a network it was made from.
NETWORK_TAG = "network"
DIGEST_LENGTH = 32


@dataclass(frozen=True)
class ModelFiles:
    """The files a model is made of."""

    network: Path
    preparation: Path
    schema: Path


def open_model(files: ModelFiles) -> served.RegularizedNetwork:
    """The model as MLflow will load it."""
    model = served.RegularizedNetwork()
    model.load_context(_Context(_paths(files)))
    return model


def log_model(run_id: str, files: ModelFiles, raw_rows: pd.DataFrame, name: str) -> str:
    """Log the model with signature and example into a run; returns its URI.

    raw_rows: a few raw rows, as the source has them.
    """
    predicted = open_model(files).predict(None, raw_rows)
    with mlflow.start_run(run_id=run_id):
        info = mlflow.pyfunc.log_model(
            name=name,
            python_model=str(Path(served.__file__)),
            artifacts=_paths(files),
            signature=signature(raw_rows, predicted),
            input_example=raw_rows,
            pip_requirements=[f"{package}=={version(package)}" for package in REQUIREMENTS],
        )
    return str(info.model_uri)


def signature(rows: pd.DataFrame, predicted: pd.DataFrame) -> ModelSignature:
    """Each raw column by name, of any type.

    The model itself checks types, for MLflow's check refuses what raw rows are made of: a whole
    number in a column of fractions, a column that has gaps only, a date as text.
    """
    columns = [ColSpec(AnyType(), name) for name in rows.columns]
    return ModelSignature(Schema(columns), infer_signature(predicted).inputs)


def network_digest(network: Path) -> str:
    """What tells one network's file from every other's."""
    return hashlib.sha256(network.read_bytes()).hexdigest()[:DIGEST_LENGTH]


def signature_rows(raw: pd.DataFrame) -> pd.DataFrame:
    """Raw rows with every number a float, for an integer column may have gaps tomorrow."""
    numeric = raw.select_dtypes("number").columns
    return raw.astype(dict.fromkeys(numeric, "float64"))


def _paths(files: ModelFiles) -> dict[str, str]:
    return {name: str(path) for name, path in vars(files).items()} | {"rows": raw.__file__}


@dataclass(frozen=True)
class _Context:
    """What MLflow hands a model on loading."""

    artifacts: dict[str, str]
