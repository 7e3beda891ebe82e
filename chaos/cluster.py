"""Faults of a cluster: its workers, its scheduler, and the server that keeps the study."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import psutil

from chaos.site import BrokenPromiseError, Running, Site
from chaos.surroundings import ImpossibleError
from pipeline.cluster.settings import ADDRESS
from pipeline.commands.postgres import NOT_INSTALLED, installed, postgres
from pipeline.commands.services import HOST, Service, free_port, scheduler, worker

# How long a worker may be silent: nobody wants to wait for Dask's five minutes here. A worker on a
# busy machine is silent for several seconds.
SILENCE_S = 20
AWAY_S = 2 * SILENCE_S
# A process that works has used more of a processor than this; one that starts has not.
WORKING_S = 3.0
LITTLE = "60 MB"
FILES = {
    "tune": ("reports/trials.csv", "reports/best.json"),
    "evaluate": ("reports/evaluate.json", "reports/evaluate_losses.parquet"),
}


@dataclass(frozen=True)
class Servers:
    """A scheduler and two workers of a site's stage."""

    folder: Path
    stack: ExitStack
    scheduler: Service
    workers: list[Service]

    def join(self, site: Site, *options: str) -> Service:
        """Start one more worker, with the code of the checkout."""
        name = f"worker-{len(self.workers)}"
        service = worker(self.folder, name, options, code=site.project.path)
        self.workers.append(self.stack.enter_context(service))
        return service


def worker_killed(site: Site, rng: Random) -> None:
    """SIGKILL a worker in the middle of a task, with the nanny that would replace it."""
    with _servers(site) as servers:
        running = _working(site, rng)
        servers.workers[0].kill()
        _same(site, running)


def worker_killed_always(site: Site, rng: Random) -> None:
    """SIGKILL what works, as often as a nanny replaces it: in the end one line, or the result."""
    with _servers(site, workers=1) as servers:
        running, over = _working(site, rng), threading.Event()
        killer = threading.Thread(target=_kill_always, args=(servers.workers[0], over))
        killer.start()
        try:
            _same_or(site, running, says="workers died while they had the same task")
        finally:
            over.set()
            killer.join()


def scheduler_killed(site: Site, rng: Random) -> None:
    """SIGKILL the scheduler: one line, within seconds."""
    with _servers(site) as servers:
        running = _working(site, rng)
        servers.scheduler.kill()
        _same_or(site, running, says="the scheduler has gone away")


def worker_stalled(site: Site, rng: Random) -> None:
    """SIGSTOP a worker, and wake it when its tasks have been done elsewhere."""
    impatient = {"DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": f"{SILENCE_S}s"}
    with _servers(site, variables=impatient) as servers:
        running = _working(site, rng)
        servers.workers[0].signal(signal.SIGSTOP)
        time.sleep(AWAY_S)
        servers.workers[0].signal(signal.SIGCONT)
        _same(site, running)


def worker_out_of_memory(site: Site, rng: Random) -> None:
    """A worker that has less memory than it needs, beside one that has enough."""
    with _servers(site, workers=1) as servers:
        servers.join(site, "--memory-limit", LITTLE)
        _same_or(site, _working(site, rng), says="(--memory-limit)")


def database_restarted(site: Site, rng: Random) -> None:
    """PostgreSQL, which keeps the study, goes away and comes back."""
    if not installed():
        raise ImpossibleError(NOT_INSTALLED)
    with postgres(["studies"], site.folder / "postgres.log") as server:
        site.variables["OPTUNA_STORAGE"] = server.url("studies")
        try:
            running = _working(site, rng)
            server.service.end()
            time.sleep(rng.random())
            server.service.start()
            _same_or(site, running, says="OPTUNA_STORAGE: the study database")
        finally:
            site.variables.clear()


@contextmanager
def _servers(
    site: Site, workers: int = 2, variables: Mapping[str, str] | None = None
) -> Iterator[Servers]:
    """A cluster of so many workers, which the site's commands use.

    variables: of the scheduler's environment.
    """
    folder = site.folder / f"dask-{time.monotonic_ns()}"
    folder.mkdir()
    port = free_port()
    with ExitStack() as stack:
        service = scheduler(folder, port, variables=variables, code=site.project.path)
        servers = Servers(folder, stack, stack.enter_context(service), [])
        for _ in range(workers):
            servers.join(site)
        site.variables[ADDRESS] = f"tcp://{HOST}:{port}"
        try:
            yield servers
        finally:
            site.variables.clear()


def _working(site: Site, rng: Random) -> Running:
    """Start the stage, and wait for a random instant of its work."""
    running = site.start_stage()
    site.wait_begun(running)
    time.sleep(rng.random() * site.windows[site.target].work)
    return running


def _same(site: Site, running: Running) -> None:
    """Expect the stage to end well, with the bytes of an undisturbed one."""
    running.expect(0)
    for name in FILES[site.target]:
        if (site.project.path / name).read_bytes() != (site.reference / name).read_bytes():
            raise BrokenPromiseError(f"other bytes: {name}\n{running.printed()}")


def _same_or(site: Site, running: Running, says: str) -> None:
    """Expect the same bytes, or one line that says so; then those of another attempt."""
    if running.expect(0, 1) == 1:
        running.expect(1, says=says)
        # What is finished is kept; it goes on without the cluster, or with the database again.
        site.variables.pop(ADDRESS, None)
        running = site.start_stage()
    _same(site, running)


def _kill_always(service: Service, over: threading.Event) -> None:
    while not over.wait(0.2):
        try:
            for child in psutil.Process(service.pid).children(recursive=True):
                if child.cpu_times().user > WORKING_S:
                    child.kill()
        except psutil.NoSuchProcess:
            continue
