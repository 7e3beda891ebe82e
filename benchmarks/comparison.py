"""Show where the time of `compare` goes, on the default data and settings, in its own clone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
ENVIRONMENT = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
# What a default study ended with: a mix whose fits train almost all epochs, the costly case.
BEST = {
    "study": "bench",
    "trial": 55,
    "trials": 100,
    "regularization": {"dropout": 0.508, "l1": 2.57e-6, "l2": 4.91e-3, "patience": 15},
}


def comparison() -> dict[str, float]:
    """Wall seconds of the stage, by part; what no part holds is imports and reading."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        _run(["git", "clone", "--quiet", str(ROOT), str(project)], Path(folder))
        for stage in ("fetch", "split"):
            _run([sys.executable, "-m", f"pipeline.stages.{stage}"], project)
        best = project / "reports/best.json"
        best.parent.mkdir(exist_ok=True)
        best.write_text(json.dumps(BEST))
        environment = {"MLFLOW_TRACKING_URI": "sqlite:///mlflow.db"}
        start = time.perf_counter()
        _run([sys.executable, "-m", "pipeline.stages.compare"], project, environment)
        whole = time.perf_counter() - start
        parts: dict[str, float] = json.loads((project / ".state/timings.json").read_text())
    return {**parts, "imports and reading": whole - sum(parts.values()), "whole": whole}


def _run(command: list[str], folder: Path, more: dict[str, str] | None = None) -> None:
    environment = ENVIRONMENT | (more or {})
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
