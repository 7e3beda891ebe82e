"""Logging a network as a model that takes raw rows."""

from __future__ import annotations

import importlib
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
from mlflow.models.signature import ModelSignature, infer_signature

from pipeline.config.errors import one_line
from pipeline.data import rows as raw
from pipeline.data.schema import Schema
from pipeline.text.markdown import markdown_text
from pipeline.tracking.models import served
from pipeline.tracking.store.environment import prepare_mlflow
from pipeline.tracking.store.single import one_model
from pipeline.training import built_inference, inference

# MLflow's databases hold 5,000 to 8,000 letters of a tag.
COLUMNS_SHOWN, LETTERS_SHOWN = 25, 40
NOTE = "mlflow.note.content"
WANTED = {
    "numeric": "a number",
    "boolean": "true or false",
    "date": "a date such as 2024-12-31",
    "category": "a text",
}
# What `served` imports: all a server has to install.
REQUIREMENTS = ("mlflow", "numpy", "pandas", "threadpoolctl")
KERAS = ("keras", "tensorflow")


@dataclass(frozen=True)
class ModelFiles:
    """The files a model is made of.

    network: for those who want Keras; what is served are the weights. built: whether a builder
    builds the network, whose source is among the weights.
    """

    network: Path
    weights: Path
    preparation: Path
    schema: Path
    built: bool = False


def open_model(files: ModelFiles) -> served.RegularizedNetwork:
    """Open the model as MLflow will load it; `FileNotFoundError` if a file of it is gone.

    A file goes when another `dvc repro` deletes the outputs of a stage whose `dvc` was killed.
    The network itself is not needed.
    """
    prepare_mlflow()
    if files.built:
        # TensorFlow would write log lines if the model itself started it.
        importlib.import_module("pipeline.training._tensorflow")
    model = served.RegularizedNetwork()
    model.load_context(_Context(_paths(files)))
    return model


def log_model(
    client: MlflowClient, run: Run, files: ModelFiles, raw_rows: pd.DataFrame, name: str
) -> str:
    """Log the model with its columns and an example into a run, once, and return its id.

    raw_rows: a few raw rows, as the source has them.
    """
    model = one_model(client, run, name)
    if model.status != LoggedModelStatus.READY:
        schema = Schema.model_validate_json(files.schema.read_text(encoding="utf-8"))
        predicted = open_model(files).predict(None, raw_rows)
        # MLflow's own error would be none of the system's.
        files.network.stat()
        # The tag that MLflow shows as the model's description.
        client.set_logged_model_tags(model.model_id, {NOTE: columns_note(schema)})
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
                signature=ModelSignature(outputs=infer_signature(predicted).inputs),
                metadata={"columns": schema.features},
                input_example=raw_rows,
                pip_requirements=model_requirements(files.built),
            )
            for cache in Path(folder).rglob("__pycache__"):
                shutil.rmtree(cache)
            client.log_model_artifacts(model.model_id, folder)
        client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
    if not (run.outputs and run.outputs.model_outputs):
        client.log_outputs(run.info.run_id, [LoggedModelOutput(model.model_id, step=0)])
    return str(model.model_id)


def model_requirements(built: bool = False) -> list[str]:
    """List the packages a model needs, each at the version that made it.

    built: whether a builder builds its network.
    """
    packages = (*REQUIREMENTS, *KERAS) if built else REQUIREMENTS
    return [f"{package}=={version(package)}" for package in packages]


def columns_note(schema: Schema) -> str:
    """Describe the columns a model takes, as Markdown; MLflow itself cannot enforce them."""

    def plain(name: str) -> str:
        short = name if len(name) <= LETTERS_SHOWN else f"{name[:LETTERS_SHOWN]}…"
        return one_line(markdown_text(short))

    used = [column for column in schema.columns if not column.ignored]
    rows = [f"| {plain(column.name)} | {WANTED[column.kind]} |" for column in used[:COLUMNS_SHOWN]]
    more = len(used) - COLUMNS_SHOWN
    if more > 0:
        rows.append(f"| … and {more} more, in `artifacts/schema.json` | |")
    text = (
        f"Takes rows with these {len(used)} columns, in any order, and no other; `null` is a gap.\n"
        "\n| Column | Value |\n|:---|:---|\n" + "\n".join(rows)
    )
    spare = [plain(column.name) for column in schema.columns if column.ignored]
    if spare:
        shown = ", ".join(spare[:COLUMNS_SHOWN]) + (", …" if spare[COLUMNS_SHOWN:] else "")
        text += f"\n\nMay come or not, as they said nothing in training: {shown}."
    return text


def _paths(files: ModelFiles) -> dict[str, str]:
    paths = {name: str(path) for name, path in vars(files).items() if name != "built"} | {
        "rows": str(Path(raw.__file__).parent),
        "inference": str(inference.__file__),
    }
    if files.built:
        paths["built_inference"] = str(built_inference.__file__)
    return paths


@dataclass(frozen=True)
class _Context:
    """Describes what MLflow hands a model on loading."""

    artifacts: dict[str, str]
