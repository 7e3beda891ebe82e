"""Scheduled runs whose state lies in files, as where there is no MLflow server and no remote."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.e2e.conftest import ROOT, Project
from tests.e2e.test_retrain import RETRAIN

CARRIED = [".dvc/cache", ".state", "mlflow.db*", "mlruns", "mlartifacts"]


@pytest.mark.long
def test_without_servers_the_state_is_carried_in_a_cache(copied: Project, tmp_path: Path) -> None:
    """What the workflow keeps is enough for the next run, in a fresh clone, to go on."""
    copied.run("git", "add", "dvc.lock", "metrics", "reports/gate.json", "reports/gate.md")
    copied.run("git", "commit", "--quiet", "--message", "First run")
    copied.run("git", "clone", "--quiet", "--bare", ".", str(tmp_path / "origin.git"))
    clone = Project(tmp_path / "next", copied.environment)
    subprocess.run(
        ["git", "clone", "-q", str(tmp_path / "origin.git"), str(clone.path)], check=True
    )
    for kept in (path for name in CARRIED for path in copied.path.glob(name)):
        to = clone.path / kept.relative_to(copied.path)
        if kept.is_dir():
            shutil.copytree(kept, to, symlinks=True)
        else:
            shutil.copy(kept, to)
    assert "Nothing new" in clone.run(*RETRAIN)

    # A decision that was not possible is made up for.
    clone.edit('"outcome": "promoted"', '"outcome": "undecided"', "reports/gate.json")
    clone.run("git", "commit", "--quiet", "--all", "--message", "No registry that day")
    assert "Kept: version 1" in clone.run(*RETRAIN)

    # So is a registry that is lost; the same model goes live again.
    for lost in clone.path.glob("mlflow.db*"):
        lost.unlink()
    printed = clone.run(*RETRAIN)
    assert "regularized-net has no champion any more" in printed
    assert "Promoted: version 1 is champion, the first one." in printed

    clone.edit("confidence: 0.95", "confidence: 0.9")
    clone.run("git", "commit", "--quiet", "--all", "--message", "Narrower intervals")
    printed = clone.run(*RETRAIN)
    # What was fetched anew is what was there, and only these stages have intervals.
    stages = re.findall(r"Running stage '(\w+)'", printed)
    assert sorted(stages) == ["compare", "evaluate", "fetch", "promote"]
    report = json.loads((clone.path / "reports/comparison.json").read_text())
    assert report["confidence"] == 0.9
    # Intervals are others and the networks are not, so there is nothing new to go live.
    assert "registered regularized-net version 1 as challenger" in printed
    assert "Kept: version 1" in printed
    subject = clone.run("git", "log", "-1", "--format=%s", "@{upstream}")
    assert subject.startswith("Retrain: Kept: version 1 is")
    assert "version 3" not in clone.command("status")


def test_trials_are_set_and_committed_or_refused(copied: Project) -> None:
    log = copied.run(*RETRAIN, "--trials", "many", code=1)
    assert "search.trials is 'many', want a whole number" in log
    assert copied.run("git", "status", "--porcelain", "--", "params.yaml") == ""
    script = "from pipeline.commands.retrain_commit import commit_trials; commit_trials('5')"
    copied.run(sys.executable, "-c", script)
    assert YAML(typ="safe").load(copied.path / "params.yaml")["search"]["trials"] == 5
    assert copied.run("git", "log", "-1", "--format=%s").strip() == "Set search.trials to 5"


def test_workflow_carries_what_the_project_keeps() -> None:
    workflow = YAML(typ="safe").load(ROOT / ".github/workflows/retrain.yml")
    steps = workflow["jobs"]["retrain"]["steps"]
    named = {step.get("name"): step for step in steps}
    restored = named["Restore the state of the last run"]["with"]
    kept = named["Keep the state for the next run"]
    assert restored["path"].split() == kept["with"]["path"].split() == CARRIED
    assert restored["key"] == kept["with"]["key"]
    assert kept["if"] == "${{ always() }}"
