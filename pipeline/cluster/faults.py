"""Say in one line what went wrong on a cluster, and what to do about it."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import Any

from distributed import CancelledError, Client, KilledWorker

from pipeline.cluster.settings import ADDRESS, START_SCHEDULER
from pipeline.cluster.task import OtherVersionsError
from pipeline.cluster.versions import (
    CODE,
    DIGITS,
    LIBRARIES,
    PYTHON,
    differences,
    own_versions,
)
from pipeline.config.errors import InputError, one_line

ANSWER_S = 30.0
AGAIN = "then run dvc repro again; what is finished is kept."
# What a process raises that cannot find or read what it was sent.
UNREADABLE = (ModuleNotFoundError, AttributeError, ImportError)
ALIKE = (
    "want the same for the same bytes. Start workers from this project's folder and environment,"
    f" {AGAIN}"
)


def scheduler_gone() -> InputError:
    """Return the error of a scheduler that has stopped answering."""
    return InputError(
        f"{ADDRESS}: the scheduler has gone away, want one that lasts as long as the stage."
        f" Start it again ({START_SCHEDULER}), with workers, {AGAIN}"
    )


def other_versions(worker: str, what: str) -> InputError:
    """Return the error of a worker that has other versions."""
    return InputError(f"{ADDRESS}: worker {worker} has {what}, {ALIKE}")


def explained(error: Exception, client: Client) -> Exception:
    """Return the error of a task as what a user can mend, or as it is."""
    if isinstance(error, CancelledError):
        return scheduler_gone()
    if isinstance(error, KilledWorker):
        return InputError(
            f"{ADDRESS}: {error.allowed_failures + 1} workers died while they had the same task,"
            f" the last at {error.last_worker.address}, want workers that last. They may"
            f" lack memory: look into their logs, give them more (--memory-limit), {AGAIN}"
        )
    if isinstance(error, OtherVersionsError):
        return _named(client) or other_versions("of the cluster", str(error))
    if isinstance(error, MemoryError):
        return InputError(
            f"{ADDRESS}: a worker has too little memory for a task, want room for the tables and"
            f" one fit. Give workers more memory, or fewer threads (--nthreads 1), {AGAIN}"
        )
    if isinstance(error, (*UNREADABLE, TypeError)) or "deserializ" in str(error):
        return _named(client) or InputError(
            f"{ADDRESS}: the cluster cannot read a task ({one_line(str(error))[:200]}), want this"
            f" project's code there. Start scheduler and workers from this folder, {AGAIN}"
        )
    return error


def check_workers(client: Client) -> None:
    """`InputError` names a worker whose versions are other than those of this process."""
    if (error := _named(client)) is not None:
        raise error


def _named(client: Client) -> InputError | None:
    """Return the error that names the first worker with other versions, if there is one."""
    for worker, versions in client.get_versions()["workers"].items():
        python = str((versions or {}).get("host", {}).get("python", "")).removesuffix(".final.0")
        if python != platform.python_version():
            return other_versions(worker, f"{PYTHON} {python} (want {platform.python_version()})")
    found = client.run(_probe(), on_error="return")
    for worker, versions in found.items():
        if isinstance(versions, Exception):
            return InputError(
                f"{ADDRESS}: worker {worker} cannot be asked for its versions"
                f" ({one_line(str(versions))[:200]}), {ALIKE}"
            )
        if what := differences(own_versions(), versions):
            return other_versions(worker, what)
    return None


def _probe() -> Any:
    """Return a function that gives a worker's versions, and that needs no code of ours there.

    A function within a function is sent as it is, not by its name.
    """
    libraries: Mapping[str, str] = dict(LIBRARIES)
    code, python, digits = CODE, PYTHON, DIGITS

    def versions() -> dict[str, str]:
        import hashlib
        import importlib.metadata
        import importlib.util
        import pathlib
        import platform

        found = {python: platform.python_version()}
        for name, package in libraries.items():
            try:
                found[name] = importlib.metadata.version(package)
            except importlib.metadata.PackageNotFoundError:
                found[name] = "missing"
        spec = importlib.util.find_spec("pipeline")
        if spec is None or spec.origin is None:
            found[code] = "missing"
            return found
        root, digest = pathlib.Path(spec.origin).parent, hashlib.sha256()
        for path in sorted(root.rglob("*.py")):
            name = path.relative_to(root).as_posix()
            digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
        found[code] = digest.hexdigest()[:digits]
        return found

    return versions
