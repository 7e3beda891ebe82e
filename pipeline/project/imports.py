"""The modules that a module is made of, found from imports, without running any of them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def modules_behind(roots: Iterable[str], package: Path = PACKAGE) -> list[Path]:
    """Return the files of the named modules and of all they import, directly or not.

    roots: dotted names, such as `pipeline.search.evaluate`. Imports inside functions count, and so
    do the packages that Python runs on the way to a module. Sorted by path.
    """
    waiting, files = list(roots), set[Path]()
    while waiting:
        for file in _files(waiting.pop(), package):
            if file not in files:
                files.add(file)
                waiting += _imported(file, package)
    return sorted(files)


def _files(name: str, package: Path) -> Iterator[Path]:
    """Yield a module's file and those of the packages it is in; nothing for what is no module."""
    parts = name.split(".")[1:]
    for depth in range(len(parts) + 1):
        place = package.joinpath(*parts[:depth])
        yield from (
            file for file in (place / "__init__.py", place.with_suffix(".py")) if file.is_file()
        )


def _imported(file: Path, package: Path) -> Iterator[str]:
    """Yield the names that a file imports from the package; for `from a import b`, a and a.b."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = _absolute(node, file, package)
            names = [module, *(f"{module}.{alias.name}" for alias in node.names)]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] == package.name)


def _absolute(node: ast.ImportFrom, file: Path, package: Path) -> str:
    """Return the dotted name that an import is from; a relative one counts from its file."""
    if not node.level:
        return node.module or ""
    place = file.relative_to(package.parent).parts[: -node.level]
    return ".".join([*place, *([node.module] if node.module else [])])
