"""Draw the pictures and the table of `docs/architecture.md` from dvc.yaml and pyproject.toml.

`python -m checks.architecture` fails where the page is out of date; with `--write`, it is redrawn.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from pipeline.project.imports import PACKAGE

ROOT = PACKAGE.parent
PAGE = ROOT / "docs/architecture.md"
DRAWN = re.compile(r"(<!-- drawn: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def main() -> None:
    page = PAGE.read_text()
    redrawn = redraw(page)
    if redrawn == page:
        return
    if "--write" not in sys.argv[1:]:
        sys.exit(
            f"{PAGE.relative_to(ROOT)}: differs from dvc.yaml or pyproject.toml, want it redrawn."
            " Run: python -m checks.architecture --write"
        )
    PAGE.write_text(redrawn)


def redraw(page: str) -> str:
    """Return the page with each drawn part made anew."""
    stages = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
    layers = read_layers()
    parts = {
        "data": "\n".join(["```mermaid", *data_flow(stages), "```"]),
        "rooms": "\n".join(["```mermaid", *rooms(layers), "```"]),
        "table": "\n".join(table(stages, layers)),
    }
    return DRAWN.sub(lambda match: f"{match[1]}{parts[match[2]]}\n{match[3]}", page)


def read_layers() -> list[list[str]]:
    """Return the rooms of each layer of the import contract, the highest layer first."""
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (contract,) = (each for each in linter["contracts"] if each.get("containers") == ["pipeline"])
    return [[room.strip() for room in layer.split("|")] for layer in contract["layers"]]


def data_flow(stages: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of a flow chart: which stage reads which files of which other one."""
    yield "flowchart TD"
    yield '  source[("data.source")] --> fetch'
    for name, stage in stages.items():
        for maker in stages:
            files = [dep for dep in stage["deps"] if dep in _outs(stages[maker])]
            if files:
                names = "<br/>".join(Path(file).name for file in files)
                yield f'  {maker} -- "{names}" --> {name}'
    # Not in dvc.yaml, for the state of MLflow outlives a stage that fails.
    yield '  tune -- "a run per trial" --> mlflow[("MLflow")]'
    yield '  compare -- "both models, the report" --> mlflow'
    yield '  promote -- "alias champion" --> mlflow'


def _outs(stage: Mapping[str, Any]) -> set[str]:
    entries = [*stage.get("outs", ()), *stage.get("metrics", ()), *stage.get("plots", ())]
    return {name for entry in entries for name in (entry if isinstance(entry, dict) else [entry])}


def rooms(layers: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a chart of layers, each of which may use all those below it."""
    yield "flowchart TD"
    for number, layer in enumerate(layers):
        yield f'  layer{number}["{" | ".join(layer)}"]'
    yield "  " + " --> ".join(f"layer{number}" for number in range(len(layers)))


def table(
    stages: Mapping[str, Any], layers: Sequence[Sequence[str]], package: Path = PACKAGE
) -> Iterator[str]:
    """Yield the lines of a table: what each room is for, and which stages a change of it reruns."""
    yield "| Room | What it is for | A change reruns |"
    yield "|:---|:---|:---|"
    for room in (room for layer in layers for room in layer):
        path = package / room if (package / room).is_dir() else package / f"{room}.py"
        prefix = f"{package.name}/{path.name}"
        code = path / "__init__.py" if path.is_dir() else path
        purpose = (ast.get_docstring(ast.parse(code.read_text())) or "").splitlines()[0]
        reruns = [
            name
            for name, stage in stages.items()
            if any(dep == prefix or dep.startswith(f"{prefix}/") for dep in stage["deps"])
        ]
        shown = "each stage its own page" if room == "stages" else ", ".join(reruns) or "none"
        yield f"| `{path.name}` | {purpose} | {shown} |"


if __name__ == "__main__":
    main()
