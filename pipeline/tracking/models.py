"""Logging a network as a model that takes raw rows."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow.pyfunc
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import LoggedModelOutput, LoggedModelStatus, Run
from mlflow.models import Model
from mlflow.models.signature import infer_signature

from pipeline.tracking import served
from pipeline.tracking.single import one_model

# What `served` imports: all a server has to install.
REQUIREMENTS = ("mlflow", "keras", "numpy", "pandas", "scikit-learn", "skops", "tensorflow")


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


def log_model(
    client: MlflowClient, run: Run, files: ModelFiles, raw: pd.DataFrame, name: str
) -> str:
    """Log the model with signature and example into a run, once; returns its id.

    raw: a few raw rows, as the source has them.
    """
    model = one_model(client, run, name)
    if model.status != LoggedModelStatus.READY:
        example = signature_rows(raw)
        predicted = open_model(files).predict(None, example)
        # In two steps, and not by `log_model`: that would make another model on the next try.
        with TemporaryDirectory() as folder:
            mlflow.pyfunc.save_model(
                folder,
                mlflow_model=Model(
                    artifact_path=model.artifact_location,
                    model_uuid=model.model_id,
                    run_id=run.info.run_id,
                    model_id=model.model_id,
                ),
                python_model=str(Path(served.__file__)),
                artifacts=_paths(files),
                signature=infer_signature(example, predicted),
                input_example=example,
                pip_requirements=model_requirements(),
            )
            for cache in Path(folder).rglob("__pycache__"):
                shutil.rmtree(cache)
            client.log_model_artifacts(model.model_id, folder)
        client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
    if not (run.outputs and run.outputs.model_outputs):
        client.log_outputs(run.info.run_id, [LoggedModelOutput(model.model_id, step=0)])
    return str(model.model_id)


def model_requirements() -> list[str]:
    """The packages a model needs, each at the version that made it."""
    return [f"{package}=={version(package)}" for package in REQUIREMENTS]


def signature_rows(raw: pd.DataFrame) -> pd.DataFrame:
    """Raw rows with every number a float, for an integer column may have gaps tomorrow."""
    numeric = raw.select_dtypes("number").columns
    return raw.astype(dict.fromkeys(numeric, "float64"))


def _paths(files: ModelFiles) -> dict[str, str]:
    return {name: str(path) for name, path in vars(files).items()}


@dataclass(frozen=True)
class _Context:
    """What MLflow hands a model on loading."""

    artifacts: dict[str, str]
