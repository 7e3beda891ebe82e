"""What takes long to make is made once, by the first process of a test run that needs it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock


def made_once(
    factory: pytest.TempPathFactory, name: str, make: Callable[[Path], str]
) -> tuple[Path, str]:
    """Return a folder that all processes of this test run share, and what `make` gave.

    The first one calls `make` with the folder's path; the others wait until it is done.
    """
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # each worker's own folder lies in that of the run
    folder, result = base / name, base / f"{name}.txt"
    with FileLock(base / f"{name}.lock"):
        if not result.exists():
            if folder.exists():
                pytest.fail(f"{name} could not be made, as another test has reported.")
            folder.mkdir()
            result.write_text(make(folder))
    return folder, result.read_text()
