"""Faults of what a run rests on: disk, folders, the MLflow server, the clock."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from chaos import signals
from chaos.servers import Server
from chaos.site import BrokenPromiseError, Site
from chaos.slow import slowed

KB = 1024
PAGE = 4096
DELAY_S = 2.0


class ImpossibleError(Exception):
    """The machine or the user cannot bring a fault about."""


def disk_full(site: Site, rng: Random) -> None:
    """No space left below the state folder: a small file system, or a limit on each file."""
    size_kb = rng.randrange(16, 200, 4)
    if site.target == "tune" and _may_mount():
        folder = site.project.path / ".state"
        with _mounted(folder, f"size={_held_kb(folder) + size_kb}k"):
            _refused(site)
        return

    def limit() -> None:
        # Python ignores SIGXFSZ, so a write beyond the limit is an error.
        resource.setrlimit(resource.RLIMIT_FSIZE, (size_kb * KB, size_kb * KB))

    _refused(site, limit)


def read_only(site: Site, rng: Random) -> None:
    """A folder that the stage writes to may not be written to."""
    folders = {"tune": [".state", "reports"], "compare": [".state", "models", "reports"]}
    folder = site.project.path / rng.choice(folders[site.target])
    if os.geteuid() != 0:
        mode = folder.stat().st_mode
        folder.chmod(0o555)
        try:
            _refused(site)
        finally:
            folder.chmod(mode)
        return
    if not _may_mount():
        raise ImpossibleError("root may write to read-only folders, and may not mount one here")
    with _mounted(folder, "size=8m") as remount:
        remount("ro")
        _refused(site)


def server_dies(site: Site, rng: Random) -> None:
    """SIGKILL the MLflow server while the stage works; it is back for the next run."""
    with _serving(site) as server:
        running = site.start_stage()
        site.wait_begun(running)
        time.sleep(rng.random() * site.windows[site.target].work)
        server.kill()
        # The study needs no server; the comparison is no comparison until it is registered.
        running.expect(*((0,) if site.target == "tune" else (0, 1)))
        server.start()
        _catch_up(site)


def server_freezes(site: Site, rng: Random) -> None:
    """The server stalls longer than a request may take, then answers all of them at once."""
    with _serving(site) as server:
        site.variables["MLFLOW_HTTP_REQUEST_TIMEOUT"] = "1"
        running = site.start_stage()
        site.wait_begun(running)
        time.sleep(rng.random() * site.windows[site.target].work)
        with server.frozen():
            time.sleep(4)
        running.expect(*((0,) if site.target == "tune" else (0, 1)))
        del site.variables["MLFLOW_HTTP_REQUEST_TIMEOUT"]
        _catch_up(site)


def server_absent(site: Site, rng: Random) -> None:
    """No server from the start to the end; it comes later."""
    with _serving(site) as server:
        server.kill()
        running = site.start_stage()
        if site.target == "tune":
            running.expect(0, says="make sync")
        else:
            running.expect(1, says="does not answer")
        server.start()
        _catch_up(site)


def server_slow(site: Site, rng: Random) -> None:
    """Each call takes two seconds, so the study ends before all is written; then a faster one."""
    with _serving(site) as server:
        with slowed(server.address, DELAY_S) as address:
            site.variables["MLFLOW_TRACKING_URI"] = address
            running = site.start_stage()
            running.expect(0, says="MLflow is slow" if site.target == "tune" else "")
        site.variables["MLFLOW_TRACKING_URI"] = server.address
        _catch_up(site)


def clock_steps_back(site: Site, rng: Random) -> None:
    """Killed, and run to the end by a clock that is a day behind."""
    library = _libfaketime()
    signals.kill_stage(site, rng)
    site.variables |= {
        "LD_PRELOAD": str(library),
        "FAKETIME": "-1d",
        # Waiting is measured by the monotonic clock, which no one sets back.
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


@contextmanager
def _serving(site: Site) -> Iterator[Server]:
    """A server over the checkout's own MLflow database, which the site's commands use."""
    environment = site.project.environment
    with Server(site.project.path, environment, site.folder / "server.log") as server:
        site.variables["MLFLOW_TRACKING_URI"] = server.address
        try:
            yield server
        finally:
            site.variables.clear()


def _catch_up(site: Site) -> None:
    """The next `dvc repro` and `sync`, with a server that answers."""
    site.finish()
    site.start(sys.executable, "-m", "pipeline.commands.sync").expect(0)


def _refused(site: Site, before: Callable[[], None] | None = None) -> None:
    """The stage ends with one message, or had all it needed."""
    running = site.start_stage(before)
    if running.expect(0, 1) == 1 and "ERROR: " not in running.printed():
        raise BrokenPromiseError(f"no message:\n{running.printed()}")


def _may_mount() -> bool:
    """Say whether this user may mount file systems."""
    if os.geteuid() != 0:
        return False
    probe = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    try:
        return subprocess.run(probe, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@contextmanager
def _mounted(folder: Path, options: str) -> Iterator[Callable[[str], None]]:
    """A small file system in a folder's place; what it holds in the end is kept."""
    kept = folder.with_name(f"{folder.name}.kept")
    folder.mkdir(exist_ok=True)
    shutil.copytree(folder, kept, symlinks=True)
    _run("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder))
    try:
        for name in kept.iterdir():
            _copy(name, folder / name.name)
        yield lambda option: _run("mount", "-o", f"remount,{option}", str(folder))
    finally:
        shutil.rmtree(kept)
        shutil.copytree(folder, kept, symlinks=True)
        _run("umount", str(folder))
        shutil.rmtree(folder)
        kept.rename(folder)


def _held_kb(folder: Path) -> int:
    """Return what the folder takes up already, each file and folder in whole pages."""
    pages = [-(-path.stat().st_size // PAGE) for path in folder.rglob("*")]
    return (sum(pages) + len(pages)) * PAGE // KB


def _copy(source: Path, to: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, to, symlinks=True)
    else:
        shutil.copy2(source, to)


def _libfaketime() -> Path:
    """Debian's libfaketime, installed or unpacked, which needs no root."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    if found:
        return found[0]
    folder = Path(".tools/faketime").absolute()
    if not folder.exists():
        folder.mkdir(parents=True)
        try:
            _run("apt-get", "download", "libfaketime", folder=folder)
            for package in folder.glob("*.deb"):
                _run("dpkg", "-x", str(package), str(folder))
        except (OSError, subprocess.CalledProcessError) as error:
            shutil.rmtree(folder)
            raise ImpossibleError(f"no libfaketime, and none to be had ({error})") from None
    unpacked = sorted(folder.glob("usr/lib/*/faketime/libfaketime.so.1"))
    if not unpacked:
        raise ImpossibleError(f"no libfaketime in {folder}")
    return unpacked[0]


def _run(*command: str, folder: Path | None = None) -> None:
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
