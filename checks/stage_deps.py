"""Check that the code dependencies of each stage in `dvc.yaml` are those that its imports need.

`python -m checks.stage_deps`: a module that a stage runs and `dvc.yaml` does not list would not
rerun the stage when it changes; one that is listed and not run would rerun it for nothing.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from pipeline.project.imports import PACKAGE, modules_behind

ROOT = PACKAGE.parent
MODULE = re.compile(r"python -m ([\w.]+)")
# The processes that a stage starts beside its own.
WORKER = "pipeline.training.builder_worker"
STARTED = {
    "tune": ("pipeline.commands.sync", WORKER),
    "evaluate": (WORKER,),
    "compare": (WORKER,),
}


def main() -> None:
    stages = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
    faults = [fault for name, stage in stages.items() for fault in stage_faults(name, stage)]
    if faults:
        sys.exit("\n".join(faults))


def stage_faults(name: str, stage: Mapping[str, Any], root: Path = ROOT) -> Iterator[str]:
    """Yield a sentence for each code dependency of a stage that is missing or needless."""
    roots = [*MODULE.findall(stage["cmd"]), *STARTED.get(name, ())]
    files = [file.relative_to(root) for file in modules_behind(roots, root / PACKAGE.name)]
    code = [Path(dep) for dep in stage["deps"] if Path(dep).parts[0] == PACKAGE.name]
    for file in files:
        listed = any(dep == file or dep in file.parents for dep in code)
        # A package's docstring computes nothing, and its folder may be listed by file.
        if not listed and file.name != "__init__.py":
            yield f"dvc.yaml: stage {name} runs {file}, want it or its folder in deps. Add it."
    for dep in code:
        if not any(dep == file or dep in file.parents for file in files):
            yield f"dvc.yaml: stage {name} lists {dep}, which it does not run. Delete the line."


if __name__ == "__main__":
    main()
