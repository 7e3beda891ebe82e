"""The whole `dvc repro` in a fresh clone: wall time by part, peak memory, and the no-op."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
ENVIRONMENT = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
NO_OPS = 5
POLL_S = 0.05


def whole() -> dict[str, object]:
    """Wall seconds of a cold run by stage and part, its peak memory, and no-ops against DVC."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        run(["git", "clone", "--quiet", str(ROOT), str(project)], Path(folder))
        start = time.perf_counter()
        with peak_memory() as peak:
            stages = stage_seconds(project)
        wall = time.perf_counter() - start
        parts = _tune_parts(project)
        empty = Path(folder) / "empty"
        no_op = _no_op(project, empty)
    return {
        "wall_s": wall,
        "stage_s": stages,
        "tune_part_s": parts,
        "peak_mb": peak[0],
        "no_op": no_op,
    }


def stage_seconds(project: Path, environment: Mapping[str, str] = ENVIRONMENT) -> dict[str, float]:
    """Run `dvc repro`; seconds from each stage's start to the next's."""
    running = subprocess.Popen(
        ["dvc", "repro"], cwd=project, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    marks = [
        (found[1], time.perf_counter())
        for line in running.stdout
        if (found := re.match(r"Running stage '(\w+)'", line))
    ]
    if running.wait() != 0:
        raise SystemExit("bench: dvc repro failed")
    marks.append(("end", time.perf_counter()))
    return {name: marks[n + 1][1] - at for n, (name, at) in enumerate(marks[:-1])}


def _tune_parts(project: Path) -> dict[str, float]:
    """Seconds of each part of `tune`, from a second run of it on an empty study."""
    shutil.rmtree(project / ".state")
    (project / "mlflow.db").unlink()
    command = [sys.executable, "-m", "benchmarks.parts"]
    done = subprocess.run(
        command, cwd=project, env=ENVIRONMENT, check=True, capture_output=True, text=True
    )
    parts: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return parts


def _no_op(project: Path, empty: Path) -> dict[str, float]:
    """Median seconds of a `dvc repro` with nothing to do, here and in an empty pipeline.

    The empty one has as many stages, each with as many dependencies and outputs as ours, all of
    them files of a few bytes, and no parameters.
    """
    empty.mkdir()
    run(["git", "init", "--quiet"], empty)
    run(["dvc", "init", "--quiet"], empty)
    yaml = YAML(typ="safe")
    stages = yaml.load(project / "dvc.yaml")["stages"]
    yaml.dump({"stages": dict(_emptied(stages, empty))}, empty / "dvc.yaml")
    for folder in (project, empty):
        run(["dvc", "repro", "--quiet"], folder)
    times: dict[Path, list[float]] = {project: [], empty: []}
    for _ in range(NO_OPS):
        for folder, taken in times.items():
            start = time.perf_counter()
            run(["dvc", "repro"], folder)
            taken.append(time.perf_counter() - start)
    ours, floor = median(times[project]), median(times[empty])
    return {"seconds": ours, "empty_pipeline_seconds": floor, "ratio": ours / floor}


def _emptied(stages: Mapping[str, Any], folder: Path) -> Iterator[tuple[str, dict[str, object]]]:
    """A stage that only writes small files for each of ours, after the one before it."""
    before: list[str] = []
    for name, stage in stages.items():
        inputs = [f"{name}.in{n}" for n in range(len(stage["deps"]) - len(before))]
        for file in inputs:
            (folder / file).write_text(file)
        count = len(stage["outs"]) + len(stage.get("metrics", ()))
        outs = [f"{name}.out{n}" for n in range(count)]
        command = " && ".join(f"echo {out} > {out}" for out in outs)
        yield name, {"cmd": command, "deps": before + inputs, "outs": outs}
        before = outs[:1]


@contextmanager
def peak_memory() -> Iterator[list[float]]:
    """The most memory that all processes below this one held together, in MB."""
    peak, ended = [0.0], threading.Event()

    def watch() -> None:
        own = psutil.Process()
        while not ended.wait(POLL_S):
            held = 0
            for child in own.children(recursive=True):
                try:
                    held += child.memory_info().rss
                except psutil.Error:
                    continue
            peak[0] = max(peak[0], held / 1e6)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        ended.set()
        thread.join()


def run(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, env=ENVIRONMENT, check=True, capture_output=True)
