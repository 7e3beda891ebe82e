"""Measure what tracking costs a study: its time without MLflow, with it, and with a slow server."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Self

from benchmarks.whole import ENVIRONMENT, ROOT
from chaos.servers import Server
from chaos.slow import slowed

ROUNDS = 3
DELAY_S = 2.0


def tracking() -> dict[str, float]:
    """Median seconds of the default study off, on, and with 2 s a call; and the ratios to off.

    From the first wave to the end of what a study waits for; the sides alternate.
    """
    times: dict[str, list[float]] = {"off": [], "on": [], "slow": []}
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        _run(["git", "clone", "--quiet", str(ROOT), str(project)], Path(folder))
        _run(["dvc", "repro", "--quiet", "split"], project)
        with (
            Server(project, ENVIRONMENT, Path(folder) / "server.log") as server,
            slowed(server.address, DELAY_S) as slow,
        ):
            for _ in range(ROUNDS):
                for side, taken in times.items():
                    address = slow if side == "slow" else f"sqlite:///{folder}/{side}.db"
                    taken.append(_study_seconds(project, side, address))
                    Path(folder, f"{side}.db").unlink(missing_ok=True)
    off, on, delayed = (median(taken) for taken in times.values())
    return {
        "off_s": off,
        "on_s": on,
        "slow_s": delayed,
        "on_to_off": on / off,
        "slow_to_off": delayed / off,
    }


def _study_seconds(project: Path, side: str, address: str) -> float:
    shutil.rmtree(project / ".state", ignore_errors=True)
    command = [sys.executable, "-m", "benchmarks.tracking", side]
    environment = ENVIRONMENT | {"MLFLOW_TRACKING_URI": address}
    return float(_run(command, project, environment).splitlines()[-1])


def _run(command: list[str], folder: Path, environment: Mapping[str, str] = ENVIRONMENT) -> str:
    done = subprocess.run(
        command, cwd=folder, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


class Untracked:
    """Stands in the place of the mirror, and shows nothing to no one."""

    def __init__(self, *_: object) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def update(self) -> None:
        """Leave it untold."""

    def complete(self) -> None:
        """Leave it untold."""


def main() -> None:
    """Run the study of the folder's parameters, with MLflow or without; print its seconds."""
    from pipeline.search.study import Study
    from pipeline.stages import tune

    if sys.argv[1] == "off":
        vars(tune)["Mirror"] = Untracked
    waves, begun = Study.remaining_waves, []

    def clocked(study: Study) -> object:
        begun.append(time.perf_counter())
        return waves(study)

    setattr(Study, "remaining_waves", clocked)  # noqa: B010 - mypy forbids the plain way
    tune.main()
    print(json.dumps(time.perf_counter() - begun[0]), flush=True)


if __name__ == "__main__":
    main()
