"""The user's own network: a function in a file of the project that builds a Keras model."""

from __future__ import annotations

import ast
import functools
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.config.errors import InputError, did_you_mean, one_line
from pipeline.config.sections.network import NetworkParams

SIGNATURE = "build(inputs, outputs, regularization)"
ARGUMENTS = 3


@dataclass(frozen=True)
class Builder:
    """A function that builds a network.

    name: its file and its name, as `network.builder` has them. source: all that the file holds.
    """

    name: str
    source: str

    @property
    def file(self) -> str:
        """Return the path of the file."""
        return self.name.rpartition(":")[0]

    @property
    def function(self) -> str:
        """Return the name of the function."""
        return self.name.rpartition(":")[2]

    @property
    def digest(self) -> str:
        """Return a digest of the bytes that the file holds."""
        return hashlib.sha256(self.source.encode()).hexdigest()


def builder_of(network: NetworkParams) -> Builder | None:
    """Return the builder that the parameters name, or None; `InputError` says what is wrong."""
    if network.builder is None:
        return None
    return _read(network.builder, Path(network.watch), Path.cwd())


# Once in a process, so that all of a stage trains one and the same network, and its fingerprint
# tells which, even if the file is edited meanwhile.
@functools.lru_cache(maxsize=8)
def _read(name: str, watch: Path, here: Path) -> Builder:
    file = Path(name.rpartition(":")[0])
    path = here / file
    if not path.is_file():
        known = sorted(str(other.relative_to(here)) for other in (here / watch).glob("*.py"))
        raise InputError(
            f"params.yaml: network.builder is {one_line(name)}, but there is no file {file}, want a"
            f" file in the project.{did_you_mean(str(file), known) or ' Check the path.'}"
        )
    if not _inside(path, here / watch):
        raise InputError(
            f"params.yaml: network.builder is {one_line(name)}, which is not in network.watch ="
            f" {watch}, want it there, so that DVC sees it change. Move it, or set network.watch to"
            f" {file}."
        )
    try:
        # As it is: the bytes are part of the study's fingerprint.
        source = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{file}: byte {error.start} is not UTF-8, want UTF-8 text. Save the file as UTF-8."
        ) from None
    builder = Builder(name, source)
    _check(builder, here)
    return builder


def _inside(path: Path, watch: Path) -> bool:
    inside, outside = path.resolve(), watch.resolve()
    return outside == inside or outside in inside.parents


def _check(builder: Builder, here: Path) -> None:
    """Raise `InputError` if the text shows already that this is no builder."""
    try:
        tree = ast.parse(builder.source)
    except SyntaxError as error:
        raise InputError(
            f"{builder.file}: line {error.lineno} is not Python ({error.msg}), want a file that"
            " Python can run. Mend the line."
        ) from None
    except ValueError as error:
        raise InputError(
            f"{builder.file}: this is not Python ({error}), want a file that Python can run."
        ) from None
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    function = functions.get(builder.function)
    if function is None:
        have = ", ".join(functions) or "none"
        hint = did_you_mean(builder.function, functions) or f" Write def {SIGNATURE}."
        raise InputError(
            f"{builder.file}: there is no function {builder.function} (functions: {have}), want the"
            f" one that network.builder names.{hint}"
        )
    if not _takes_three(function.args):
        raise InputError(
            f"{builder.file}: line {function.lineno} defines {builder.function} with"
            f" ({ast.unparse(function.args)}), want three arguments. Write def"
            f" {builder.function}(inputs, outputs, regularization)."
        )
    for line, module in _imports(tree):
        if any((here / part / module).exists() for part in (".", Path(builder.file).parent)) or any(
            (here / part / f"{module}.py").exists() for part in (".", Path(builder.file).parent)
        ):
            raise InputError(
                f"{builder.file}: line {line} imports {module}, a file of the project, want one"
                " file that needs packages only, as a served model carries it along. Move what it"
                " uses into the file."
            )


def _takes_three(arguments: ast.arguments) -> bool:
    places = len(arguments.posonlyargs) + len(arguments.args)
    needed = places - len(arguments.defaults)
    lacking = any(default is None for default in arguments.kw_defaults)
    enough = places >= ARGUMENTS or arguments.vararg is not None
    return needed <= ARGUMENTS and enough and not lacking


def _imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield the line and the first part of the name of each module that is imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.split(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, (node.module or ".").split(".")[0]
