"""The processes that fit networks of a builder: one per core, kept over all calls of a stage."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import tempfile
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import Pipe
from typing import IO, Any, TypeVar

import numpy as np
import numpy.typing as npt

from pipeline.config.errors import InputError, one_line

Array = npt.NDArray[Any]
Item = TypeVar("Item")
LETTERS_SHOWN = 300
# One process per core: its operations are small, and threads of its own would only wait.
ONE_THREAD = dict.fromkeys(
    ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"), "1"
)


class Process:
    """Another process, which answers calls of the methods of `builder_worker.Worker`."""

    def __init__(self) -> None:
        self._connection, theirs = Pipe()
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pipeline.training.builder_worker", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            # Open for as long as this process lives; the other ends with it.
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
            env=os.environ | ONE_THREAD,
            # Ctrl-C is for this process, which ends the others.
            start_new_session=True,
        )
        theirs.close()
        self.sent: set[int] = set()

    def ask(self, name: str, *arguments: object) -> None:
        """Begin a call."""
        try:
            self._connection.send((name, arguments))
        except OSError:
            raise self._ended() from None

    def answer(self) -> Any:
        """Wait for what the call returns; `InputError` if it raised or if the process ended."""
        try:
            kind, value = self._connection.recv()
        except (EOFError, OSError):
            raise self._ended() from None
        if kind == "wrong input":
            raise InputError(value)
        if kind == "failed":
            raise InputError(
                "network.builder: Keras cannot train the network"
                f" ({one_line(value)[:LETTERS_SHOWN]}), want a model that trains. Try"
                " model.fit on a few rows, and mend the builder."
            )
        return value

    def call(self, name: str, *arguments: object) -> Any:
        """Call, and wait for what it returns."""
        self.ask(name, *arguments)
        return self.answer()

    def end(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()
        assert self.process.stdin
        self.process.stdin.close()
        self._connection.close()
        self._errors.close()

    def _ended(self) -> InputError:
        code = self.process.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        last = f": {one_line(lines[-1])[:LETTERS_SHOWN]}" if lines else ""
        return InputError(
            f"network.builder: a process that trains ended with exit code {code}{last}, want it to"
            " go on. With code -9 memory ran out: build a smaller network, or lower"
            " train.batch_size."
        )


class Pool:
    """All processes. Arrays that several calls share are sent to each process once."""

    def __init__(self) -> None:
        self._processes: list[Process] = []
        self._gpu = False
        self._arrays: dict[int, Array] = {}
        # Not the identities of the arrays: those of arrays that are gone are given to others, and a
        # process would take what it has for what it was not sent.
        self._unused = itertools.count()
        weakref.finalize(self, _end_all, self._processes)

    def first(self) -> Process:
        """Return a process."""
        return self._started(1)[0]

    def keep(self, arrays: Iterable[Array]) -> None:
        """Make these the arrays that calls may name by their numbers."""
        known = {id(array): number for number, array in self._arrays.items()}
        kept = {id(array): array for array in arrays}
        self._arrays = {
            known[identity] if identity in known else next(self._unused): array
            for identity, array in kept.items()
        }

    def numbers(self) -> dict[int, int]:
        """Return the number of each array that is kept, by its identity."""
        return {id(array): number for number, array in self._arrays.items()}

    def send(self, process: Process, numbers: Iterable[int]) -> None:
        """Send a process the arrays that it does not have yet."""
        lacking = [number for number in numbers if number not in process.sent]
        forgotten = process.sent - set(self._arrays)
        if lacking or forgotten:
            new = {number: np.asarray(self._arrays[number]) for number in lacking}
            process.call("keep", new, set(self._arrays))
            process.sent = (process.sent - forgotten) | set(lacking)

    def map(self, work: Callable[[Process, Item], Any], items: Sequence[Item]) -> list[Any]:
        """Return what the work makes of each item, in order; each process takes the next item.

        On any error, `InputError` included, all processes end: calls of theirs may be half done.
        """
        wanted = min(os.cpu_count() or 1, len(items))
        waiting, found = deque(enumerate(items)), dict[int, Any]()

        def run(process: Process) -> None:
            while True:
                try:
                    place, item = waiting.popleft()
                except IndexError:
                    return
                found[place] = work(process, item)

        threads = ThreadPoolExecutor(max(wanted, 1))
        try:
            list(threads.map(run, self._started(wanted)))
        except BaseException:
            waiting.clear()
            self.end()
            raise
        finally:
            # After a signal, do not wait for the members that are in training.
            threads.shutdown(wait=False, cancel_futures=True)
        return [found[place] for place in range(len(items))]

    def end(self) -> None:
        """End all processes; the next call starts others."""
        _end_all(self._processes)

    def _started(self, wanted: int) -> list[Process]:
        """Return so many processes, after starting those that are lacking; one only on a GPU."""
        try:
            if wanted and not self._processes:
                self._processes.append(Process())
                self._gpu = self._processes[0].call("start")
            if not self._gpu:
                new = [Process() for _ in range(wanted - len(self._processes))]
                self._processes += new
                for process in new:
                    process.ask("start")
                for process in new:
                    process.answer()
        except BaseException:
            self.end()
            raise
        return self._processes[:wanted]


def _end_all(processes: list[Process]) -> None:
    while processes:
        processes.pop().end()


POOL = Pool()
