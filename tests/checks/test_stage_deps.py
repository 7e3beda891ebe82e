from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from checks.stage_deps import ROOT, stage_faults

STAGES: dict[str, Any] = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]


@pytest.mark.parametrize("name", STAGES)
def test_deps_of_each_stage_are_the_code_it_runs(name: str) -> None:
    assert list(stage_faults(name, STAGES[name])) == []


def test_missing_and_needless_code_is_named(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "pipeline", tmp_path / "pipeline")
    (tmp_path / "pipeline/extra.py").touch()
    with (tmp_path / "pipeline/stages/split.py").open("a") as stage:
        stage.write("import pipeline.extra\n")
    split = STAGES["split"]
    wrong = {**split, "deps": [*split["deps"], "pipeline/report"]}
    assert list(stage_faults("split", wrong, tmp_path)) == [
        "dvc.yaml: stage split runs pipeline/extra.py, want it or its folder in deps. Add it.",
        "dvc.yaml: stage split lists pipeline/report, which it does not run. Delete the line.",
    ]
