"""The files that stages leave for later stages, as in `dvc.yaml`, each written in one piece."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.config.errors import InputError
from pipeline.project.place import in_project

# Git-ignored, and no output of a stage: DVC deletes outputs before it runs one.
STATE = Path(".state")
# One for the project and all copies that DVC makes of it.
STUDIES = in_project(STATE / "optuna.db")
# Times differ from run to run, and outputs of a stage do not.
TIMINGS = STATE / "timings.json"
# So do the processors that trained.
PROCESSORS = STATE / "processors.json"
RAW = Path("data/raw.parquet")
SCHEMA = Path("data/schema.json")
TRAIN = Path("data/train.parquet")
VAL = Path("data/val.parquet")
TEST = Path("data/test.parquet")
SPLIT = Path("data/split.json")
# What a study reads, and what its name is made from.
STUDY_INPUTS = (TRAIN, VAL, SCHEMA)
TRIALS = Path("reports/trials.csv")
BEST = Path("reports/best.json")
TUNING_PLOTS = Path("reports/tuning")
TUNE_METRICS = Path("metrics/tune.json")
EVALUATIONS = STATE / "evaluation"
EVALUATION = Path("reports/evaluate.json")
EVALUATION_LOSSES = Path("reports/evaluate_losses.parquet")
EVALUATE_METRICS = Path("metrics/evaluate.json")
MODELS = Path("models")
TUNED_NETWORK = MODELS / "tuned.keras"
PREPARATION = MODELS / "preparation.json"
REPORT = Path("reports/comparison")
PREDICTIONS = Path("reports/predictions.csv")
FIGURES = Path("reports/figures")
COMPARE_METRICS = Path("metrics/compare.json")
GATE = Path("reports/gate")
DRIFT_METRICS = Path("metrics/drift.json")


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all."""
    _write(path, lambda draft: draft.write_text(text, encoding="utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Write JSON that people read: indented, keys in the order given."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_rows(path: Path, frame: pd.DataFrame) -> None:
    """Write a Parquet file whole or not at all."""
    _write(path, lambda draft: frame.to_parquet(draft, index=False))


def write_csv(path: Path, frame: pd.DataFrame) -> None:
    """Write a CSV file whose numbers read back to the same floats."""
    write_text(path, frame.to_csv(index=False, lineterminator="\n"))


def read_json(path: Path) -> Any:
    """Read JSON an earlier stage wrote."""
    return json.loads(_existing(path).read_text(encoding="utf-8"))


def read_rows(path: Path) -> pd.DataFrame:
    """Read a table an earlier stage wrote."""
    return pd.read_parquet(_existing(path))


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise InputError(
            f"{path}: not found, want the output of an earlier stage."
            " Run dvc repro, from the project's folder."
        )
    return path


def _write(path: Path, write: Callable[[Path], object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        write(draft)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
