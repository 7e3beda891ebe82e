"""Make a project of a table in a scratch folder, and run its pipeline there as far as the verdict.

The stages are fetch, split and evaluate. The verdict rests on nothing else: tune and compare make
the network to hand over, explain it and judge it on the test rows.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from atlas.tables import AtlasTable, Shipped, settings
from pipeline.config.editor import edit_params
from pipeline.project.imports import PACKAGE
from pipeline.project.outputs import STATE

ROOT = PACKAGE.parent
FILES = ("dvc.yaml", "params.yaml", ".dvcignore", ".dvc/config")
LAST_STAGE = "evaluate"
# The project decides alone: no server that the caller tracks in, no folders of the atlas' own DVC.
SETTINGS = {
    "DVC_NO_ANALYTICS": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_TRACKING_URI": "sqlite:///mlflow.db",
}
DVC_OWN = ("DVC_ROOT", "DVC_STAGE", "DVC_SITE_CACHE_DIR", "MLFLOW_RUN_ID")
ERROR, OF_DVC = "ERROR: ", "ERROR: failed to reproduce"


class StoppedError(Exception):
    """The pipeline ended without saying why, as when it is killed."""


def place_of(name: str) -> Path:
    """Return the folder of a table's project, in which an interrupted run goes on."""
    return ROOT / STATE / "atlas" / name


def make_project(name: str, table: AtlasTable, shipped: Shipped) -> Path:
    """Make the project, or bring its code and settings up to date. Finished outer folds stay."""
    folder = place_of(name)
    for part in ("pipeline", "tables"):
        shutil.rmtree(folder / part, ignore_errors=True)
    ours = shutil.ignore_patterns("__pycache__", "template")
    shutil.copytree(PACKAGE, folder / PACKAGE.name, ignore=ours)
    for file in FILES:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, folder / file)
    own = f"[core]\n    no_scm = true\n    site_cache_dir = {folder / STATE / 'dvc'}\n"
    (folder / ".dvc/config.local").write_text(own.replace("%", "%%"))
    (folder / "tables").mkdir()
    source = table.source
    if shipped.frame is not None:
        source = f"tables/{name}.parquet"
        shipped.frame.to_parquet(folder / source, index=False)
    edit_params(settings(name, table, source), "the atlas' settings", folder / "params.yaml")
    return folder


def run_pipeline(folder: Path) -> str | None:
    """Run the stages; return None, or the line that says why there is no verdict."""
    environment = {k: v for k, v in os.environ.items() if k not in DVC_OWN} | SETTINGS
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', '')}"
    command = [sys.executable, "-m", "dvc", "repro", LAST_STAGE]
    lines = []
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as running:
        assert running.stdout is not None
        for line in running.stdout:
            lines.append(line.rstrip("\n"))
            sys.stdout.write(line)
            sys.stdout.flush()
    return None if running.returncode == 0 else failure_line(lines)


def failure_line(lines: Sequence[str]) -> str:
    """Return the stage's error among what DVC printed; raise `StoppedError` if there is none."""
    errors = [line for line in lines if line.startswith(ERROR) and not line.startswith(OF_DVC)]
    if errors:
        return errors[0].removeprefix(ERROR)
    if "Traceback (most recent call last):" in lines:
        start = lines.index("Traceback (most recent call last):")
        raised = [line for line in lines[start + 1 :] if line and not line.startswith(" ")]
        return f"The pipeline crashed: {raised[0]}" if raised else "The pipeline crashed."
    raise StoppedError(lines[-1] if lines else "no output")
