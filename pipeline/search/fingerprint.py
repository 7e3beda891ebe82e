"""Fingerprints: a short digest of all that a result depends on."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path

from pipeline.config.params import Params
from pipeline.config.sections.network import NetworkParams
from pipeline.project.imports import PACKAGE, modules_behind
from pipeline.training.builder import builder_of

DIGITS = 12
# The modules that turn data and parameters into proposals and scores; their imports count too.
ROOTS = (
    "pipeline.data.prepare",
    "pipeline.search.evaluate",
    "pipeline.search.study",
    "pipeline.training.trainers",
)
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
# What else computes where a builder's network trains.
KERAS = ("keras", "tensorflow")
LIBRARIES = ("llvmlite", "numba", "numpy", "optuna", "scikit-learn", "scipy")


def study_name(params: Params, dataset: str, files: Iterable[Path]) -> str:
    """Return the name of the study of these parameters and files: the data set and a digest."""
    return f"{dataset}-{fingerprint(params, files)}"


def fingerprint(params: Params, files: Iterable[Path]) -> str:
    """Return a digest of all that changes a trial's values or score; the number of trials does not.

    files: what the study reads. Comments, docstrings and formatting of the code do not count.
    """
    settings = {**fit_settings(params), "search": params.search.model_dump(exclude={"trials"})}
    return fingerprint_of(settings, files, ROOTS)


def fit_settings(params: Params) -> dict[str, object]:
    """Return what every fit depends on, and what the study begins with."""
    return {
        "seed": params.seed,
        "scale": params.data.scale,
        "target_transform": params.data.target_transform,
        "categories": params.data.categories.model_dump(),
        "network": _network(params.network),
        "train": params.train.model_dump(),
        "baseline": params.baseline.model_dump(),
    }


def _network(network: NetworkParams) -> dict[str, object]:
    """Return what the networks depend on: the layers, or the builder and what its file holds."""
    builder = builder_of(network)
    if builder is None:
        return network.model_dump(exclude={"builder", "watch"})
    libraries = {name: version(name) for name in KERAS}
    return {"builder": builder.function, "source": builder.digest, **libraries}


def fingerprint_of(
    settings: Mapping[str, object], files: Iterable[Path], roots: Iterable[str]
) -> str:
    """Hex digest of settings, of what the files hold, and of the code behind the root modules."""
    parts = {
        **settings,
        "files": {path.name: _digest(path.read_bytes()) for path in files},
        "code": code_digests(roots),
        "libraries": {name: version(name) for name in LIBRARIES},
    }
    return _digest(json.dumps(parts, sort_keys=True).encode())[:DIGITS]


def code_digests(roots: Iterable[str] = ROOTS, package: Path = PACKAGE) -> Mapping[str, str]:
    """Return a digest of each module behind the roots, by path within the package."""
    return {
        file.relative_to(package).as_posix(): _digest(_code(file).encode())
        for file in modules_behind(roots, package)
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
