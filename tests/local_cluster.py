"""A real Dask cluster on loopback, whose processes tests start and break."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from distributed import Client

from pipeline.commands.services import HOST, Service, free_port, scheduler, worker

WAIT_S = 120


@dataclass
class LocalCluster:
    """The processes of a cluster, and where its scheduler is."""

    address: str
    folder: Path
    stack: ExitStack
    scheduler: Service
    workers: dict[str, Service]

    def join(self, name: str, *options: str, code: Path | None = None, **variables: str) -> Service:
        """Start one more worker, with the code of another folder if one is given."""
        service = worker(self.folder, name, options, variables, code)
        self.stack.enter_context(service)
        self.workers[name] = service
        return service

    def wait_for(self, count: int) -> None:
        """Wait until there are so many workers."""
        with Client(self.address, set_as_default=False) as client:
            deadline = time.monotonic() + WAIT_S
            while len(client.scheduler_info()["workers"]) != count:
                assert time.monotonic() < deadline, self.printed()
                time.sleep(0.1)

    def printed(self) -> str:
        """Return what scheduler and workers have printed."""
        return "\n".join(log.read_text() for log in sorted(self.folder.glob("*.log")))


@contextmanager
def started(folder: Path) -> Iterator[LocalCluster]:
    """Start a scheduler without workers, for as long as the block lasts."""
    port = free_port()
    with ExitStack() as stack:
        service = stack.enter_context(scheduler(folder, port))
        yield LocalCluster(f"tcp://{HOST}:{port}", folder, stack, service, {})
