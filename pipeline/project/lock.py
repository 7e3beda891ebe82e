"""A lock that lets one stage run at a time, for a `dvc` that is killed leaves its stage running."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from filelock import FileLock, Timeout

from pipeline.config.errors import InputError
from pipeline.project.outputs import STATE
from pipeline.project.place import copied_from, in_project

LOCK = in_project(STATE / "stage.lock")
HOLDER = in_project(STATE / "stage.holder.json")

logger = logging.getLogger(__name__)


@contextmanager
def exclusive() -> Iterator[None]:
    """Hold the project's study and reports; `InputError` names another process that holds them.

    The system frees the lock when its holder dies, however it dies. Experiments in copies that DVC
    made share the lock with the project, and wait for it: DVC itself runs them side by side.
    """
    lock = FileLock(LOCK)
    try:
        LOCK.parent.mkdir(exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            if copied_from() is None:
                raise
            logger.info("waiting for %s, which holds %s", _holder(), LOCK)
            lock.acquire()
        since = datetime.now().astimezone().isoformat(timespec="seconds")
        HOLDER.write_text(json.dumps({"pid": os.getpid(), "since": since}), encoding="utf-8")
    except Timeout:
        raise InputError(
            f"{LOCK}: held by {_holder()}, want one stage at a time."
            " Wait until it ends, or stop it, then run dvc repro again."
        ) from None
    except OSError as error:
        lock.release()
        raise InputError(
            f"{LOCK.parent}: cannot be written to ({error.strerror}), want a folder for the study's"
            " state. Free space or change its permissions, then run dvc repro again."
        ) from None
    try:
        yield
    finally:
        HOLDER.unlink(missing_ok=True)
        lock.release()


def _holder() -> str:
    try:
        holder = json.loads(HOLDER.read_text(encoding="utf-8"))
        return f"process {holder['pid']} since {holder['since']}"
    except (OSError, ValueError, KeyError):
        return "another process"
