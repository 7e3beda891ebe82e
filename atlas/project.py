"""Make a project of a table in a scratch folder, and run its pipeline there as far as the verdict.

The stages are fetch, split and evaluate. The verdict rests on nothing else: tune and compare make
the network to hand over, explain it and judge it on the test rows.
"""

from __future__ import annotations

import os
import shutil
import signal
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
# What DVC says if a stage failed, and not DVC itself.
STAGE_FAILED = "failed to run"
# Errors of the machine at that moment, which say nothing of the table.
PASSING = ("held by", "cannot be read or written", "cannot be written to")
CRASH = "Traceback (most recent call last):"


class StoppedError(Exception):
    """The pipeline ended without saying why, as when it is killed."""


def place_of(name: str) -> Path:
    """Return the folder of a table's project, in which an interrupted run goes on."""
    return ROOT / STATE / "atlas" / name


def make_project(folder: Path, name: str, table: AtlasTable, shipped: Shipped) -> None:
    """Make the project, or bring its code and settings up to date. Finished outer folds stay."""
    for part in (PACKAGE.name, "networks", "tables"):
        shutil.rmtree(folder / part, ignore_errors=True)
    ours = shutil.ignore_patterns("__pycache__", "template")
    for part in (PACKAGE.name, "networks"):
        shutil.copytree(ROOT / part, folder / part, ignore=ours)
    for file in FILES:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, folder / file)
    own = f"[core]\n    no_scm = true\n    site_cache_dir = {folder / STATE / 'dvc'}\n"
    (folder / ".dvc/config.local").write_text(own.replace("%", "%%"))
    (folder / "tables").mkdir()
    shutil.copy(ROOT / "tables/.gitignore", folder / "tables")
    source = table.source
    if shipped.frame is not None:
        source = f"tables/{name}.parquet"
        shipped.frame.to_parquet(folder / source, index=False)
    edit_params(settings(name, table, source), "the atlas' settings", folder / "params.yaml")


def run_pipeline(folder: Path) -> str | None:
    """Run the stages; return None, or the line that says why there is no verdict.

    Whatever ends this process, but for a kill, ends the stages too. They keep what is finished.
    """
    environment = {k: v for k, v in os.environ.items() if k not in DVC_OWN} | SETTINGS
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', '')}"
    lines = []
    with subprocess.Popen(
        [sys.executable, "-m", "dvc", "repro", LAST_STAGE],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as running:
        assert running.stdout is not None
        try:
            for line in running.stdout:
                lines.append(line.rstrip("\n"))
                sys.stdout.write(line)
                sys.stdout.flush()
        except BaseException:
            os.killpg(running.pid, signal.SIGTERM)
            raise
    return None if running.returncode == 0 else failure_line(lines)


def failure_line(lines: Sequence[str]) -> str:
    """Return a stage's error among what DVC printed; `StoppedError` if it is of no stage."""
    of_dvc = [line for line in lines if line.startswith(OF_DVC)]
    errors = [line for line in lines if line.startswith(ERROR) and line not in of_dvc]
    if any(STAGE_FAILED in line for line in of_dvc):
        if CRASH in lines:
            after = lines[lines.index(CRASH) + 1 :]
            raised = [line for line in after if line and not line.startswith(" ")]
            return f"The pipeline crashed: {raised[0]}"
        if errors and not any(words in errors[0] for words in PASSING):
            return errors[0].removeprefix(ERROR)
    raise StoppedError(*(errors or of_dvc or lines[-1:])[:1])
