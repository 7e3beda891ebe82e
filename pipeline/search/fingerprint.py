"""What a study's scores depend on, as one short word."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path

from pipeline.params import Params

DIGITS = 12
PACKAGE = Path(__file__).parents[1]
# The code and the libraries that turn data and parameters into proposals and scores.
CODE = ("training", "search", "data/prepare.py", "data/raw.py", "evidence/metrics.py")
LIBRARIES = ("llvmlite", "numba", "numpy", "optuna", "scikit-learn", "scipy")


def fingerprint(params: Params, files: Iterable[Path]) -> str:
    """Hex digest of all that changes a trial's values or score, the number of trials excepted.

    files: what the study reads. Comments and formatting of the code do not count.
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


def code_digests() -> Mapping[str, str]:
    """Digest of each module's syntax tree, by path within the package."""
    modules = sorted(
        path
        for part in CODE
        for path in ([PACKAGE / part] if part.endswith(".py") else (PACKAGE / part).glob("*.py"))
    )
    return {
        str(path.relative_to(PACKAGE)): _digest(ast.dump(ast.parse(path.read_bytes())).encode())
        for path in modules
    }


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
