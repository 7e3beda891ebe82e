"""Measure how time and memory grow with trials, folds and rows, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys

from benchmarks.timing import peak_memory_mb, seconds

TRIALS = (50, 100, 200, 400)
FOLDS = (2, 5, 10)
ROWS = (1, 10, 100)
WAVE = 8


def growth() -> dict[str, list[dict[str, float]]]:
    """Seconds of training and peak MB, per trials, folds and times the rows."""
    return {
        "trials": [_apart(trials=trials) for trials in TRIALS],
        "folds": [_apart(folds=folds) for folds in FOLDS],
        "rows": [_apart(rows=rows, trials=8, epochs=5) for rows in ROWS],
    }


def _apart(trials: int = 40, folds: int = 5, rows: int = 1, epochs: int = 25) -> dict[str, float]:
    settings = {"trials": trials, "folds": folds, "rows": rows, "epochs": epochs}
    command = [sys.executable, "-m", "benchmarks.growth", json.dumps(settings)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {**settings, **json.loads(printed)}


def main() -> None:
    from benchmarks.workload import default_architecture, default_folds, members
    from pipeline.config.params import load_params
    from pipeline.training.trainers import trainer

    settings = json.loads(sys.argv[1])
    folds = default_folds(settings["folds"], settings["rows"])
    train = load_params().train.model_copy(update={"max_epochs": settings["epochs"]})

    def study() -> None:
        for start in range(0, settings["trials"], WAVE):
            wave = min(WAVE, settings["trials"] - start)
            trainer()(members(folds, wave * settings["folds"]), default_architecture(), train)

    taken = seconds(study)
    print(json.dumps({"seconds": taken, "peak_mb": peak_memory_mb()}))


if __name__ == "__main__":
    main()
