"""A real MLflow server that can be killed, frozen and started again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from chaos.site import BrokenPromiseError, Site

START_S = 90


class Server:
    """A server over the checkout's own MLflow database; the site's commands use it."""

    def __init__(self, site: Site) -> None:
        self._site = site
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self.start()
        self._site.variables["MLFLOW_TRACKING_URI"] = self.address
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        del self._site.variables["MLFLOW_TRACKING_URI"]
        self.kill()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = ["mlflow", "server", "--workers", "1", "--host", "127.0.0.1"]
        command += ["--port", str(self._port), "--backend-store-uri", "sqlite:///mlflow.db"]
        with (self._site.folder / "server.log").open("ab") as out:
            self._process = subprocess.Popen(
                command,
                cwd=self._site.project.path,
                env=self._site.project.environment,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise BrokenPromiseError(f"the MLflow server does not start: {out.name}")
            time.sleep(0.1)

    def kill(self) -> None:
        """SIGKILL the server and its workers."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stopped in the middle of whatever it does, for as long as the block lasts."""
        os.killpg(self._process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(self._process.pid, signal.SIGCONT)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False
