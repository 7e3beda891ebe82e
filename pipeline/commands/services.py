"""Start the processes of a cluster on this machine, on loopback, and end them again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self

from pipeline.config.errors import InputError, one_line

START_S = 180.0
END_S = 20.0
LOOK_S = 0.1
HOST = "127.0.0.1"
# Without a dashboard, Dask still serves pages on its state, and to everybody unless told.
LOOPBACK_PAGES = ("--no-dashboard", "--dashboard-address", f"{HOST}:0")


class Service:
    """A process, with all that it starts, that can be started, broken and ended.

    command: what runs, with its arguments. log: where its output goes. ready: says whether it
    works; without, it is taken to. variables: beside those of this process. folder: that it runs
    in. user: that it runs as. last: the signal that ends it in order.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        ready: Callable[[], bool] | None = None,
        variables: Mapping[str, str] | None = None,
        folder: Path | None = None,
        user: str | None = None,
        last: int = signal.SIGTERM,
    ) -> None:
        self.name, self.log, self._user, self._last = name, log, user, last
        self._command, self._ready = list(command), ready
        self._variables, self._folder = dict(variables or {}), folder
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    @property
    def pid(self) -> int:
        """The number of the process, which is also that of its group."""
        assert self._process is not None, f"{self.name} was not started"
        return self._process.pid

    def start(self) -> None:
        """Start it, and wait until it works; `InputError` if it ends or takes too long."""
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                self._command,
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **self._variables},
                cwd=self._folder,
                user=self._user,
                group=self._user,
                extra_groups=None if self._user is None else [],
                # A Ctrl-C in the terminal is for us: we end what we started, in order.
                start_new_session=True,
            )
        try:
            self._wait_ready()
        except BaseException:
            self.end()
            raise

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + START_S
        while self._ready is not None and not self._ready():
            if not self.runs() or time.monotonic() > deadline:
                last = self.log.read_text(errors="replace").strip().splitlines()[-1:]
                raise InputError(
                    f"{self.name} did not start ({one_line(''.join(last))[:200]}), want a machine"
                    f" on which it runs. What it printed is in {self.log}."
                )
            time.sleep(LOOK_S)

    def runs(self) -> bool:
        """Say whether it is running."""
        return self._process is not None and self._process.poll() is None

    def signal(self, number: int) -> None:
        """Send a signal to the process and all it started."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def kill(self) -> None:
        """Kill it with all it started, as a crash of its machine would."""
        self.signal(signal.SIGKILL)
        self._wait()

    def end(self) -> None:
        """End it in order, and kill what has not ended in time."""
        if not self.runs():
            # Its own children may outlive it.
            if self._process is not None:
                self.signal(signal.SIGKILL)
            return
        # One that is stopped hears nothing else.
        self.signal(signal.SIGCONT)
        self.signal(self._last)
        with suppress(subprocess.TimeoutExpired):
            self._wait()
        self.signal(signal.SIGKILL)
        self._wait()

    def _wait(self) -> None:
        assert self._process is not None
        self._process.wait(END_S)


def free_port() -> int:
    """Return a port of loopback that nothing listens at now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Say whether something answers at a port of loopback."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((HOST, port)) == 0


def scheduler(
    folder: Path,
    port: int,
    options: Sequence[str] = (),
    variables: Mapping[str, str] | None = None,
    code: Path | None = None,
) -> Service:
    """Return Dask's scheduler, without its dashboard; workers find it by a file in the folder.

    code: the folder of the project that it imports; this one, if none is given.
    """
    command = [sys.executable, "-m", "dask", "scheduler", "--host", HOST, "--port", str(port)]
    command += [*LOOPBACK_PAGES, "--scheduler-file", str(scheduler_file(folder)), *options]
    return Service(
        "Dask's scheduler",
        command,
        folder / "scheduler.log",
        ready=lambda: listens(port),
        variables=variables,
        folder=code,
    )


def worker(
    folder: Path,
    name: str,
    options: Sequence[str] = (),
    variables: Mapping[str, str] | None = None,
    code: Path | None = None,
) -> Service:
    """Return a worker of one thread, that takes up work as soon as it has found the scheduler.

    code: the folder of the project that it imports; this one, if none is given.
    """
    command = [sys.executable, "-m", "dask", "worker", "--host", HOST, *LOOPBACK_PAGES]
    command += ["--nthreads", "1", "--name", name, "--local-directory", str(folder / name)]
    command += ["--scheduler-file", str(scheduler_file(folder)), *options]
    log = folder / f"{name}.log"
    return Service(f"Dask's worker {name}", command, log, variables=variables, folder=code)


def scheduler_file(folder: Path) -> Path:
    """Return the file that tells workers where the scheduler of a folder is."""
    return folder / "scheduler.json"


def mlflow_server(folder: Path, port: int, variables: Mapping[str, str]) -> Service:
    """Return MLflow's server, whose stores the variables name: a command line shows passwords."""
    command = [sys.executable, "-m", "mlflow", "server", "--workers", "1", "--host", HOST]
    # Its runners of background jobs are five more processes, and nobody asks for them.
    without_jobs = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", **variables}
    return Service(
        "MLflow's server",
        [*command, "--port", str(port)],
        folder / "mlflow.log",
        ready=lambda: _is_healthy(port),
        variables=without_jobs,
        folder=folder,
    )


def _is_healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/health", timeout=2) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except OSError:
        return False
