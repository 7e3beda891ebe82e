"""Save fitted networks as Keras models, by a process of its own beside this one.

TensorFlow takes seconds and hundreds of megabytes to start, and nothing else of a run needs it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from pipeline.config.errors import InputError
from pipeline.config.sections.regularization import Regularization
from pipeline.project.run_stage import run_stage
from pipeline.training.architecture import Architecture
from pipeline.training.portable import read_weights


@dataclass(frozen=True)
class KerasFile:
    """A file to save: the network whose weights are in another file, as `portable` writes it."""

    path: Path
    weights: Path
    architecture: Architecture
    regularization: Regularization


# How `run_stage` begins a line about what its user can mend.
ERROR = "ERROR: "
FILES = TypeAdapter(tuple[KerasFile, ...])


class Saving:
    """Files that another process is saving."""

    def __init__(self, process: subprocess.Popen[bytes], files: Sequence[KerasFile]) -> None:
        self._process = process
        self._names = ", ".join(str(file.path) for file in files)

    def wait(self) -> None:
        """Wait until the files are there; `InputError` if they could not be saved."""
        code = self._process.wait()
        if code == 0:
            return
        assert self._process.stderr is not None
        lines = self._process.stderr.read().decode(errors="replace").split("\n")
        last = next((line for line in reversed(lines) if line.strip()), f"exit code {code}")
        if last.startswith(ERROR):
            raise InputError(last.removeprefix(ERROR))
        raise InputError(
            f"{self._names}: the process that saves them failed ({last}), want Keras models."
            " Run dvc repro again."
        )


@contextmanager
def saving(files: Sequence[KerasFile]) -> Iterator[Saving]:
    """Save files beside the block; at its end the process is gone, however the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", __name__],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # Ctrl-C is for this process, which ends the other.
        start_new_session=True,
    )
    try:
        assert process.stdin is not None
        # If it has ended already, `wait` says why.
        with suppress(BrokenPipeError):
            process.stdin.write(FILES.dump_json(tuple(files)) + b"\n")
            process.stdin.flush()
        yield Saving(process, files)
    finally:
        process.kill()
        process.communicate()


def main() -> None:
    files = FILES.validate_json(sys.stdin.buffer.readline())
    # The input stays open until this process is no longer wanted, or the other one was killed.
    threading.Thread(target=_end_with_input, daemon=True).start()
    from pipeline.training.network import export_network

    for file in files:
        weights = read_weights(file.weights)
        export_network(file.architecture, file.regularization, weights).save(file.path)


def _end_with_input() -> None:
    # Not through `sys.stdin`, whose lock a thread must not hold when the interpreter ends.
    while os.read(0, 1):
        continue
    os._exit(1)


if __name__ == "__main__":
    run_stage(main)
