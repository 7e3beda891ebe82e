"""Name what results depend on besides code and parameters: files, packages, the processor."""

from __future__ import annotations

import hashlib
import os
import platform
import re
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path

DIGEST_DIGITS = 16
CPU_INFO = Path("/proc/cpuinfo")
MODEL_NAME = re.compile(r"^model name\s*:\s*(.+)$", re.MULTILINE)
# The packages that compute; the lock file has the rest.
PACKAGES = (
    "numba",
    "tensorflow",
    "keras",
    "numpy",
    "scipy",
    "scikit-learn",
    "statsmodels",
    "optuna",
)


def file_digests(paths: Iterable[Path]) -> dict[str, str]:
    """Return the first digits of the SHA-256 of each file, by its name without ending."""
    return {
        path.stem: hashlib.sha256(path.read_bytes()).hexdigest()[:DIGEST_DIGITS] for path in paths
    }


def package_versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that compute."""
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}


def machine() -> str:
    """Name the processor's architecture and its number of cores."""
    return f"{platform.machine()}, {os.cpu_count()} cores"


@cache
def processor() -> str:
    """Name the model of the processor, on which the last bits of a fit depend."""
    try:
        found = MODEL_NAME.search(CPU_INFO.read_text(encoding="utf-8"))
    except OSError:
        found = None
    return found[1].strip() if found else platform.processor() or platform.machine()
