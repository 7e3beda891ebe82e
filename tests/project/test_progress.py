"""A stage shows its progress on a terminal as a bar, and elsewhere line by line."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from pipeline.project.parts import PartClock, earlier_seconds
from pipeline.project.progress import bar, minutes
from tests.project.screen import run_in_terminal, screen

ROOT = Path(__file__).parents[2]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm"}
WORK = """
import logging, time
from pipeline.project.progress import progress
from pipeline.project.run_stage import run_stage

def main():
    logger = logging.getLogger("pipeline.toy")
    with progress("tune", "trial", 3, 1) as show:
        show(2, "a note that is rather long")
        logger.warning("MLflow is slow")
        time.sleep(1.2)
        show(3, "best 0.1")
    logger.info("best: trial 2")

run_stage(main)
"""


def test_bar_leaves_the_lines_around_it_whole(tmp_path: Path) -> None:
    written = run_in_terminal([sys.executable, "-c", WORK], tmp_path, ENVIRONMENT)
    first, last, best, end = screen(written)
    assert (first, best, end) == ("MLflow is slow", "best: trial 2", "")
    assert re.fullmatch(r"tune \[#+\] 3 of 3 trials, 0:0\d elapsed, best 0\.1", last)
    # While nothing happened, the times went on.
    times = set(re.findall(r"2 of 3 trials, \d:\d\d elapsed, \d:\d\d left, a note", written))
    assert len(times) > 1


def test_without_a_terminal_there_is_a_line_at_each_step(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WORK], cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True
    )
    assert done.stdout == ""
    lines = [re.sub(r"\d+ s left", "some time left", line) for line in done.stderr.splitlines()]
    assert lines == [
        "trial 2 of 3, a note that is rather long, some time left",
        "MLflow is slow",
        "trial 3 of 3, best 0.1, some time left",
        "best: trial 2",
    ]
    assert "\r" not in done.stderr
    assert "\x1b" not in done.stderr


def test_stage_shows_itself_before_its_imports_and_leaves_no_trace(tmp_path: Path) -> None:
    stage = [sys.executable, "-X", "importtime", "-m", "pipeline.stages.fetch"]
    written = run_in_terminal(stage, tmp_path, ENVIRONMENT)
    heavy = re.search(r"\| +pandas\r", written)
    assert heavy is not None
    assert written.index("\rfetch: 0:0") < heavy.start()
    plain = run_in_terminal([sys.executable, *stage[3:]], tmp_path, ENVIRONMENT)
    assert plain.startswith("\rfetch: 0:0")
    (error, end) = screen(plain)
    assert error.startswith("ERROR: params.yaml")
    assert end == ""


@pytest.mark.parametrize("columns", [40, 60, 79, 100, 200])
def test_bar_keeps_to_its_columns(columns: int) -> None:
    line = bar("evaluate", 0.5, "12 of 25 outer folds", None, "change of log loss 0.1", columns)
    assert line.startswith("evaluate [##")
    assert ("change" in line) == (columns >= 79)
    if columns > 60:
        assert len(line) <= columns


def test_times_are_minutes_and_seconds() -> None:
    assert [minutes(seconds) for seconds in (0, 59.6, 65, 4000)] == [
        "0:00",
        "1:00",
        "1:05",
        "66:40",
    ]


def test_time_left_follows_from_the_parts_that_are_over() -> None:
    clock = PartClock("compare", lambda _: nullcontext(), {"a": 2.0, "b": 3.0, "c": 5.0})
    begun = clock._started
    assert clock._standing(2.0, begun, begun) == (0.0, 10.0)
    assert clock._standing(2.0, begun, begun + 1.0) == (0.1, 9.0)
    # A part that takes twice as long as expected stops at its end, and what is left takes longer.
    assert clock._standing(2.0, begun, begun + 4.0) == (0.2, 16.0)
    with clock("b"):
        assert clock._standing(3.0, begun + 4.0, begun + 4.0) == (0.2, 16.0)
        assert clock._standing(3.0, begun + 4.0, begun + 10.0) == (0.5, 10.0)
    with clock("one that nobody expects"):
        assert clock._standing(0.0, begun + 4.0, begun + 7.0) == (0.2, 28.0)


def test_parts_are_lines_without_a_terminal(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="pipeline")
    entered = []
    clock = PartClock("compare", lambda part: nullcontext(entered.append(part)), {})
    with clock("export"):
        assert entered == ["export"]
    assert caplog.messages == ["compare, export"]


@pytest.mark.parametrize("text", [None, "{", "[1]", '{"a": "long"}', '{"a": null}'])
def test_times_of_an_earlier_run_may_be_missing(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "timings.json"
    if text is not None:
        file.write_text(text)
    assert earlier_seconds(file, {"a": 1.0}) == {"a": 1.0}
    file.write_text('{"a": 2, "b": 0.5}')
    assert earlier_seconds(file, {}) == {"a": 2.0, "b": 0.5}
