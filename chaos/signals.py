"""Faults that end processes: the stage alone, `dvc` alone, or both."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from random import Random

import psutil

from chaos.site import BrokenPromiseError, Running, Site

# Of `dvc repro` when its stage fails.
DVC_FAILED = 255
EXIT_S = 5.0
TRIES = 5


def kill_stage(site: Site, rng: Random) -> None:
    """SIGKILL the stage, run by itself."""
    _strike(site, rng, site.start_stage, lambda running: running.process.kill())


def stop_stage(number: signal.Signals) -> Callable[[Site, Random], None]:
    """Ask the stage to end; it says how to go on, within seconds."""

    def strike(site: Site, rng: Random) -> None:
        running = site.start_stage()
        site.wait_begun(running)
        time.sleep(rng.random() * site.windows[site.target].work * 0.8)
        asked = time.monotonic()
        running.process.send_signal(number)
        code = running.expect(128 + number, 0)
        # A machine that is too busy to start a stage in that time will not end one in it, either.
        limit = max(EXIT_S, site.windows[site.target].start)
        if time.monotonic() - asked > limit:
            raise BrokenPromiseError(f"took more than {limit:.0f} s to end after {number.name}")
        if code:
            running.expect(code, says=f"Stopped by {number.name}. What is finished is kept")

    return strike


def kill_dvc(site: Site, rng: Random) -> None:
    """End `dvc` alone, which leaves its stage running: the next `dvc repro` must not race it."""
    number = rng.choice([signal.SIGKILL, signal.SIGTERM])
    running = site.start_dvc()
    site.wait_begun(running)
    time.sleep(rng.random() * site.windows[site.target].work * 0.6)
    orphans = running.below()
    running.process.send_signal(number)
    running.wait()
    again = site.start_dvc()
    if again.wait() == DVC_FAILED:
        again.expect(DVC_FAILED, says="held by process")
    else:
        again.expect(0)
    psutil.wait_procs(orphans, timeout=60)


def kill_both(site: Site, rng: Random) -> None:
    """SIGKILL `dvc` and its stage, as a machine that loses power does."""

    def kill(running: Running) -> None:
        doomed = running.below()
        for process in [psutil.Process(running.process.pid), *doomed]:
            process.kill()
        psutil.wait_procs(doomed, timeout=10)

    _strike(site, rng, site.start_dvc, kill)


def interrupt_terminal(site: Site, rng: Random) -> None:
    """SIGINT to all, as Ctrl-C in a terminal does."""
    running = site.start_dvc()
    site.wait_begun(running)
    time.sleep(rng.random() * site.windows[site.target].work * 0.8)
    os.killpg(running.process.pid, signal.SIGINT)
    if running.expect(DVC_FAILED, 0):
        running.expect(DVC_FAILED, says="Stopped by SIGINT")


def two_at_once(site: Site, rng: Random) -> None:
    """Two `dvc repro` side by side: one does the work, the other waits or is refused."""
    first = site.start_dvc()
    time.sleep(rng.uniform(0, sum(vars(site.windows[site.target]).values())))
    second = site.start_dvc()
    codes = {first.expect(0, DVC_FAILED), second.expect(0, DVC_FAILED)}
    if 0 not in codes:
        raise BrokenPromiseError(f"both were refused:\n{first.printed()}\n{second.printed()}")


def _strike(
    site: Site, rng: Random, start: Callable[[], Running], kill: Callable[[Running], None]
) -> None:
    """Start, wait for a random instant, kill; once more if it had ended before."""
    for _ in range(TRIES):
        running = start()
        site.wait_within(running, rng)
        if running.process.poll() is None:
            kill(running)
            running.wait()
            return
        site.restore(site.target)
    raise BrokenPromiseError(
        f"ended before it could be killed, {TRIES} times:\n{running.printed()}"
    )
