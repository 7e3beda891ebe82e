"""The fingerprint of a study: a short digest of all that its scores depend on."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path

from pipeline.config.params import Params
from pipeline.project.imports import PACKAGE, modules_behind

DIGITS = 12
# The modules that turn data and parameters into proposals and scores; their imports count too.
ROOTS = (
    "pipeline.data.prepare",
    "pipeline.search.evaluate",
    "pipeline.search.study",
    "pipeline.training.trainers",
)
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
LIBRARIES = ("llvmlite", "numba", "numpy", "optuna", "scikit-learn", "scipy")


def fingerprint(params: Params, files: Iterable[Path]) -> str:
    """Return a digest of all that changes a trial's values or score; the number of trials does not.

    files: what the study reads. Comments, docstrings and formatting of the code do not count.
    """
    parts = {
        "seed": params.seed,
        "scale": params.data.scale,
        "categories": params.data.categories.model_dump(),
        "network": params.network.model_dump(),
        "train": params.train.model_dump(),
        "search": params.search.model_dump(exclude={"trials"}),
        "baseline": params.baseline.model_dump(),
        "files": {path.name: _digest(path.read_bytes()) for path in files},
        "code": code_digests(),
        "libraries": {name: version(name) for name in LIBRARIES},
    }
    return _digest(json.dumps(parts, sort_keys=True).encode())[:DIGITS]


def code_digests(package: Path = PACKAGE) -> Mapping[str, str]:
    """Return a digest of each module that a score depends on, by path within the package."""
    return {
        file.relative_to(package).as_posix(): _digest(_code(file).encode())
        for file in modules_behind(ROOTS, package)
    }


def _code(file: Path) -> str:
    """Return the syntax tree of a module, without its docstrings."""
    tree = ast.parse(file.read_bytes())
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            del node.body[0]
    return ast.dump(tree)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
