"""Keeping MLflow equal to a study that is still growing, beside its training."""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from pipeline.tracking.store.environment import check_installation, is_local

logger = logging.getLogger(__name__)

LATER = "the study is safe, and `make sync` writes what MLflow lacks."
# How long the end of a study waits for a server: a share of the study's time, at the least this.
WAIT_SHARE, WAIT_S = 0.08, 4.0
# And for a database beside it, which no network holds up.
LOCAL_WAIT_S = 60.0
# How long a writer that was killed may take to be gone.
END_S = 5.0
# Lines to the process that writes, and what starts it as one that reads them.
NEWS, END, FOLLOW = "news", "end", "--follow"
# How a line from it begins that says what is wrong with MLflow.
TROUBLE = "trouble: "


class Mirror:
    """Has another process write the trials to MLflow, so that no thread of this one does.

    Threads share one interpreter, and training needs it between epochs. Trouble with MLflow
    neither stops a study nor slows it: a single warning says so, and `sync` catches up. Only this
    process warns, of whatever goes wrong first: the writer reports its trouble and stays silent.

    command: writes the trials there are at each line `NEWS`, and the rest at the line `END`, and
    then ends. It ends at once when its input does, as when this process is killed. It prints a
    `trouble_line` when MLflow fails.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._warned = False
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        # Now, and not after a search of hours.
        check_installation()
        self._started = time.monotonic()
        # In a session of its own, for Ctrl-C is for the study: this process tells when to end.
        self._writer = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._wait()
        finally:
            self._writer.kill()
            # A process that the writer started may hold its output open, and is not waited for.
            self._listener.join(END_S)
            self._close()

    def update(self) -> None:
        """Announce new trials in the study's database, without waiting."""
        self._say(NEWS)

    def complete(self) -> None:
        """Announce that the study is over and its files are written, without waiting."""
        self._say(END)

    def _wait(self) -> None:
        # For the thread, as waiting for the process with a time limit would poll.
        self._listener.join(patience(time.monotonic() - self._started, is_local()))
        if self._listener.is_alive():
            self._warn("MLflow is slow")
        elif code := self._writer.returncode:
            self._warn(f"MLflow was not written (exit code {code})")

    def _listen(self) -> None:
        """Warn of the trouble that the writer reports, until it ends."""
        assert self._writer.stdout is not None
        for line in self._writer.stdout:
            if line.startswith(TROUBLE):
                self._warn(line.removeprefix(TROUBLE).strip())
        self._writer.wait()

    def _warn(self, trouble: str) -> None:
        with self._lock:
            if not self._warned:
                self._warned = True
                logger.warning("%s: %s", trouble.rstrip("."), LATER)

    def _close(self) -> None:
        assert self._writer.stdin is not None
        assert self._writer.stdout is not None
        # What was not read before the writer ended cannot be flushed.
        with suppress(BrokenPipeError):
            self._writer.stdin.close()
        if not self._listener.is_alive():
            self._writer.stdout.close()

    def _say(self, line: str) -> None:
        assert self._writer.stdin is not None
        try:
            self._writer.stdin.write(f"{line}\n")
            self._writer.stdin.flush()
        except BrokenPipeError:
            # It has ended, and how is seen at the end.
            return


def trouble_line(trouble: str) -> str:
    """Return the line by which the writer tells this process of trouble."""
    return f"{TROUBLE}{' '.join(trouble.split())}\n"


def patience(spent: float, local: bool) -> float:
    """Return how many seconds the end of a study of `spent` seconds waits for MLflow."""
    return LOCAL_WAIT_S if local else max(WAIT_S, WAIT_SHARE * spent)
