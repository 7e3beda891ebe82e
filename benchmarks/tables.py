"""The whole pipeline on each known table: time, memory, and what it predicts against guessing.

Tables that no package ships are looked for in the folder that the environment variable TABLES
names: `make bench PARTS=tables TABLES=~/tables`, and `ONLY="iris wine"` for some of them.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ruamel.yaml import YAML
from scipy.stats import norm

from benchmarks.shapes import SHAPES
from benchmarks.whole import ENVIRONMENT, ROOT, peak_memory, run, stage_seconds
from pipeline.config.preset import apply

RESULT = Path("reports/tables.md")
# Enough for a verdict on each table in some minutes each.
COMMON = {"search": {"trials": 40}, "compare": {"seeds": 10}}
# Of made-up tables time and memory matter, and that something is learned.
SHORT = {
    "split": {"folds": 3},
    "search": {"trials": 4, "batch": 4},
    "compare": {"seeds": 2, "resamples": 200},
}


@dataclass(frozen=True)
class Case:
    """A table, how it is read, and the file it needs if no package has it."""

    overlay: Mapping[str, Any]
    file: str | None = None
    preset: str | None = None


def _named(source: str) -> Case:
    return Case({"data": {"source": source}, **COMMON})


def _file(file: str, target: str, **more: Any) -> Case:
    data = {"source": f"tables/{file}", "target": target}
    return Case({"data": data, **COMMON, **more}, file)


CASES = {
    "breast_cancer": _named("breast_cancer"),
    "digits": _named("digits"),
    "wine": _named("wine"),
    "iris": _named("iris"),
    # 57 rows: a larger share judges, or it would be eight.
    "labor": _file(
        "labor.csv", "class", split={"train": 0.6, "val": 0.15, "test": 0.25, "folds": 3}
    ),
    "telco_churn": _file("telco_churn.csv", "churn"),
    "satimage": _file("satimage.csv", "label"),
    **{
        name: Case({"data": {"source": f"tables/{name}.csv", "target": "y"}, **SHORT})
        for name in SHAPES
    },
    # One epoch has 7,000 steps.
    "long": Case(
        {"data": {"source": "tables/long.csv", "target": "y"}, **SHORT, "train": {"max_epochs": 4}}
    ),
    "mnist_6000": Case({"split": {"rows": 6000}}, "mnist.npz", "mnist"),
    "mnist": Case({}, "mnist.npz", "mnist"),
}


def tables() -> dict[str, object]:
    """Per table: rows, columns, wall seconds, peak MB, and metrics with the bounds of intervals."""
    folder = Path(os.environ.get("TABLES", "tables")).expanduser().resolve()
    wanted = os.environ.get("ONLY", " ".join(CASES)).split()
    if unknown := [name for name in wanted if name not in CASES]:
        raise SystemExit(f"bench: no table {unknown[0]!r}, want some of: {', '.join(CASES)}.")
    found: dict[str, object] = {}
    for name in wanted:
        case = CASES[name]
        if case.file is not None and not (folder / case.file).is_file():
            print(f"{name}: left out, no {case.file} in {folder} (TABLES)")
            continue
        found[name] = _measure(name, case, folder)
        RESULT.write_text(as_markdown(found), encoding="utf-8")
    return found


def _measure(name: str, case: Case, folder: Path) -> dict[str, object]:
    """Run one table in a fresh clone."""
    with tempfile.TemporaryDirectory() as scratch:
        project = Path(scratch) / "project"
        run(["git", "clone", "--quiet", str(ROOT), str(project)], Path(scratch))
        environment = dict(ENVIRONMENT)
        if case.file == "mnist.npz":
            # As Keras caches it.
            environment["KERAS_HOME"] = f"{scratch}/keras"
            cache = Path(scratch) / "keras/datasets"
            cache.mkdir(parents=True)
            shutil.copy(folder / case.file, cache)
        elif case.file is not None:
            shutil.copy(folder / case.file, project / "tables")
        elif name in SHAPES:
            SHAPES[name]().to_csv(project / f"tables/{name}.csv", index=False)
        if case.preset is not None:
            apply(case.preset, project / "params.yaml", project / "presets")
        with (project / "presets/bench.yaml").open("w") as file:
            YAML(typ="safe", pure=True).dump(dict(case.overlay), file)
        if case.overlay:
            apply("bench", project / "params.yaml", project / "presets")
        start = time.perf_counter()
        with peak_memory() as peak:
            stages = stage_seconds(project, environment)
        wall = time.perf_counter() - start
        return {"wall_s": wall, "stage_s": stages, "peak_mb": peak[0], **_figures(project)}


def _figures(project: Path) -> dict[str, object]:
    report = json.loads((project / "reports/comparison.json").read_text())
    schema = json.loads((project / "data/schema.json").read_text())
    train, test = (
        pd.read_parquet(project / f"data/{role}.parquet", columns=[schema["target"]])
        for role in ("train", "test")
    )
    raw, metrics = pd.read_parquet(project / "data/raw.parquet"), report["metrics"]
    return {
        "rows": schema["rows"],
        "columns": len(schema["columns"]),
        "table_mb": raw.memory_usage(deep=True).sum() / 1e6,
        "log_loss": {
            "majority": guessing(train[schema["target"]], test[schema["target"]]),
            **{kind: metrics["log_loss"][kind] for kind in ("baseline", "tuned", "difference")},
        },
        "balanced_accuracy": {
            "majority": 1 / len(schema["classes"]),
            **{kind: metrics["balanced_accuracy"][kind] for kind in ("baseline", "tuned")},
        },
        "accuracy": {kind: metrics["accuracy"][kind] for kind in ("baseline", "tuned")},
    }


def guessing(train: pd.Series, test: pd.Series, confidence: float = 0.95) -> dict[str, float]:
    """Log loss of always predicting the shares of the training rows' classes, with an interval.

    The interval is over test rows (normal approximation).
    """
    share = train.astype(str).value_counts(normalize=True)
    losses = -np.log(test.astype(str).map(share).to_numpy(float))
    mean, reach = losses.mean(), norm.ppf((1 + confidence) / 2)
    wide = reach * losses.std(ddof=1) / np.sqrt(len(losses))
    return {"estimate": float(mean), "low": float(mean - wide), "high": float(mean + wide)}


def as_markdown(found: Mapping[str, Any]) -> str:
    """The results as one table."""
    heads = (
        "Table", "Rows", "Columns", "Wall s", "Peak MB", "Table MB",
        "Log loss: majority", "baseline", "tuned", "tuned - baseline",
        "Balanced accuracy: majority", "baseline", "tuned", "Accuracy: tuned",
    )  # fmt: skip
    lines = [f"| {' | '.join(heads)} |", "|:---" + "|---:" * (len(heads) - 1) + "|"]
    for name, one in found.items():
        loss, balanced = one["log_loss"], one["balanced_accuracy"]
        cells = [
            name,
            f"{one['rows']:,}",
            f"{one['columns']:,}",
            f"{one['wall_s']:.0f}",
            f"{one['peak_mb']:,.0f}",
            f"{one['table_mb']:,.0f}",
            *(_interval(loss[kind]) for kind in ("majority", "baseline", "tuned", "difference")),
            f"{balanced['majority']:.3f}",
            *(_interval(balanced[kind]) for kind in ("baseline", "tuned")),
            _interval(one["accuracy"]["tuned"]),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _interval(one: Mapping[str, float]) -> str:
    return f"{one['estimate']:.3f} ({one['low']:.3f} to {one['high']:.3f})"
