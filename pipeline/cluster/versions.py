"""Say which code, Python and libraries a process has: what the bits of a fit depend on."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version

from pipeline.project.imports import PACKAGE

CODE, PYTHON = "code", "Python"
# What computes in a worker, each under the name that people know it by.
LIBRARIES = {
    "NumPy": "numpy",
    "Numba": "numba",
    "llvmlite": "llvmlite",
    "SciPy": "scipy",
    "scikit-learn": "scikit-learn",
    "pandas": "pandas",
    "Optuna": "optuna",
}
DIGITS = 12


@cache
def own_versions() -> Mapping[str, str]:
    """Return the versions of this process, by name; those of the code are a digest."""
    libraries = {name: version(package) for name, package in LIBRARIES.items()}
    return {CODE: _code_digest(), PYTHON: platform.python_version(), **libraries}


def differences(wanted: Mapping[str, str], found: Mapping[str, str]) -> str:
    """Name each version that is not the wanted one; empty if all are."""
    return ", ".join(
        f"{name} {found.get(name, 'missing')} (want {value})"
        for name, value in wanted.items()
        if found.get(name) != value
    )


def _code_digest() -> str:
    """Return the first digits of a digest of all modules of this package."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:DIGITS]
