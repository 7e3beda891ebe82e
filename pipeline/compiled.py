"""Compile functions to machine code with Numba, once for all checkouts of an environment.

Numba's own cache lies beside each source file, so every clone would compile anew. And it watches
only the file of the function itself, so a function would go on with the old code of another that
it calls. Here the cache lies in the environment, in a folder named after the exact bytes of all
modules that are compiled together.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core.caching import _CacheLocator

Function = TypeVar("Function", bound=Callable[..., Any])
PACKAGE = Path(__file__).parent
# All of training: its compiled functions take constants from modules that are not compiled.
SOURCES = (*sorted((PACKAGE / "training").glob("*.py")), PACKAGE / "tasks/curve_areas.py")


class EnvironmentCache(_CacheLocator):  # type: ignore[misc]  # Numba has no types
    """Tells Numba where to keep and find the machine code of this package's functions."""

    def __init__(self, line: int) -> None:
        self._line = line

    @classmethod
    def from_function(cls, function: Callable[..., Any], path: str) -> EnvironmentCache | None:
        """Return the locator of a function of this package; None for others, which Numba places."""
        return cls(function.__code__.co_firstlineno) if Path(path) in SOURCES else None

    def get_cache_path(self) -> str:
        """Return the folder for these sources."""
        return str(FOLDER)

    def get_source_stamp(self) -> str:
        """Return a digest of what the machine code was made from."""
        return FOLDER.name

    def get_disambiguator(self) -> str:
        """Return what distinguishes functions of one name: the line they begin at."""
        return str(self._line)


def compiled(function: Function) -> Function:
    """Compile a function to machine code, which lets other threads run beside it.

    Division by zero gives infinity, as in NumPy.
    """
    return cast("Function", _compile(function))


def inlined(function: Function) -> Function:
    """Compile a function as `compiled` does, and copy it into each function that calls it.

    This is for functions of single numbers: the compiler does not vectorize a loop with a call.
    """
    return cast("Function", _compile(function, inline="always"))


def has_machine_code() -> bool:
    """Say whether an earlier process has kept machine code of these sources."""
    return FOLDER.is_dir() and any(FOLDER.iterdir())


def _sources_digest() -> str:
    """Return a digest of the modules that are compiled together, and of this one."""
    digest = hashlib.sha256()
    for path in (*SOURCES, Path(__file__)):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


FOLDER = Path(sys.prefix) / "numba" / _sources_digest()
_ours = f"{EnvironmentCache.__module__}.{EnvironmentCache.__qualname__}"
numba.config.CACHE_LOCATOR_CLASSES = f"{_ours},InTreeCacheLocator,UserWideCacheLocator"
_compile = partial(numba.njit, nogil=True, cache=_writable(FOLDER), error_model="numpy")
