from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.commands.steps import StepError, run, succeeds


def python(code: str) -> tuple[str, str, str]:
    return sys.executable, "-c", code


def test_output_is_shown_and_given_without_passwords(capfd: pytest.CaptureFixture[str]) -> None:
    printed = run(*python("print('pulling s3://me:hunter2@store/x'); print('done')"))
    assert printed == "pulling s3://store/x\ndone\n"
    assert capfd.readouterr().out == printed
    assert run(*python("print('said')"), quiet=True) == "said\n"
    assert capfd.readouterr().out == ""


def test_failure_tells_what_the_stage_said(capfd: pytest.CaptureFixture[str]) -> None:
    code = "print('ERROR: table: no rows, want some.');"
    code += "print('ERROR: failed to reproduce: exited with 1'); raise SystemExit(255)"
    with pytest.raises(StepError) as stage:
        run(*python(code), hint="Try again.")
    assert str(stage.value) == "table: no rows, want some. Try again."
    with pytest.raises(StepError, match=r"fatal: https://host/x not found"):
        run(*python("print('fatal: https://u:hunter2@host/x not found'); raise SystemExit(1)"))
    assert "hunter2" not in capfd.readouterr().out
    assert succeeds(*python("")) is True
    assert succeeds(*python("raise SystemExit(1)")) is False


GRANDCHILD = """
import os, sys, time
with open(sys.argv[1], "w") as file:
    file.write(str(os.getpid()))
time.sleep(60)
"""
CHILD = """
import subprocess, sys
subprocess.run([sys.executable, "-c", *sys.argv[1:]])
"""
JOB = """
import sys
from pipeline.project.run_stage import run_stage
from pipeline.commands.steps import run
run_stage(lambda: run(sys.executable, "-c", *sys.argv[1:]))
"""


def test_what_a_command_started_ends_with_it(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    process = subprocess.Popen(
        [*python(JOB), CHILD, GRANDCHILD, str(told)], stderr=subprocess.PIPE, text=True
    )
    while not (told.exists() and told.read_text()):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert "Stopped by SIGTERM" in process.communicate(timeout=30)[1]
    assert process.returncode == 128 + signal.SIGTERM
    stat = Path(f"/proc/{told.read_text()}/stat")
    assert not stat.exists() or stat.read_text().split()[2] == "Z"
