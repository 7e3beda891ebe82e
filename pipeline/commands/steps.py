"""Other programs as steps of a longer job: shown as they run, without passwords, ended with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence

from pipeline.config.errors import InputError
from pipeline.tracking.store.provenance import without_password

TAIL_LINES = 3
END_S = 10


class StepError(InputError):
    """A command ended with an error; its last words say why."""


def run(*command: str, quiet: bool = False, hint: str = "") -> str:
    """Run a command, show what it prints, and return that; `StepError` if it fails."""
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
        # Or a program in Python would keep back what it says until it ends.
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        lines: list[str] = []
        assert process.stdout is not None
        try:
            for line in process.stdout:
                shown = without_password(line)
                lines.append(shown)
                if not quiet:
                    sys.stdout.write(shown)
                    sys.stdout.flush()
            process.wait()
        except BaseException:
            # The whole group: dvc that is ended alone leaves its stage running.
            _end(process)
            raise
    if process.returncode:
        raise StepError(_failure(command, process.returncode, lines, hint))
    return "".join(lines)


def succeeds(*command: str) -> bool:
    """Say whether a command ends without an error; what it prints is not shown."""
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _failure(command: Sequence[str], code: int, lines: Sequence[str], hint: str) -> str:
    """Return a stage's own error, or else the last lines that the command printed."""
    printed = [line.strip() for line in lines if line.strip()]
    errors = [
        line.removeprefix("ERROR: ")
        for line in printed
        if line.startswith("ERROR: ") and "failed to reproduce" not in line
    ]
    if errors:
        return " ".join([*errors, hint]).strip()
    words = " ".join(printed[-TAIL_LINES:]) or f"exit code {code}"
    return f"{without_password(' '.join(command))}: {words} {hint}".strip()


def _end(process: subprocess.Popen[str]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(timeout=END_S)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue
        break
