"""Trying things out with DVC's experiments: MLflow sees them, and what is served stays."""

from __future__ import annotations

import json
from pathlib import Path

import optuna
import pytest
from mlflow import MlflowClient

from tests.e2e.conftest import Project

# tests/tracking/store and tests/project guard in part what these run in full.
pytestmark = pytest.mark.long
MODEL = "regularized-net"
# As `make setup` does.
SET_UP = ("dvc", "config", "--local", "core.site_cache_dir")


class Registry:
    """What a project's MLflow holds."""

    def __init__(self, project: Project) -> None:
        self.client = MlflowClient(f"sqlite:///{project.path}/mlflow.db")

    def state(self) -> tuple[dict[str, str], list[str]]:
        """Aliases and versions."""
        aliases = self.client.get_registered_model(MODEL).aliases
        versions = self.client.search_model_versions(f"name = '{MODEL}'")
        return (
            {name: str(number) for name, number in aliases.items()},
            sorted(str(version.version) for version in versions),
        )

    def runs(self, kind: str) -> list[str]:
        """Ids of the finished runs of a kind, of every data set."""
        every = [experiment.experiment_id for experiment in self.client.search_experiments()]
        where = f"tags.kind = '{kind}' and attributes.status = 'FINISHED'"
        return [run.info.run_id for run in self.client.search_runs(every, where)]


def test_experiments_in_copies_use_the_projects_own_state(copied: Project) -> None:
    registry = Registry(copied)
    before = registry.state()
    copied.run(*SET_UP, f"{copied.path}/.state/dvc")
    # Two of one study, which must not write to it at the same time, and one of another data set,
    # whose MLflow experiment is made in a copy.
    for change in ("search.trials=5", "search.trials=6", "data.source=wine"):
        copied.run("dvc", "exp", "run", "--queue", "-S", change)
    copied.run("dvc", "exp", "run", "--run-all", "-j", "2")

    assert "Failed" not in copied.run("dvc", "queue", "status")
    assert registry.state() == before
    assert len(registry.runs("study")) == 2
    assert len(registry.runs("trial")) == 6 + 4
    comparisons = registry.runs("comparison")
    assert len(comparisons) == 4
    folder = copied.path / ".state"
    for run in comparisons:
        text = registry.client.download_artifacts(run, "comparison.json", str(folder))
        assert json.loads(Path(text).read_text())["verdict"]
    storage = f"sqlite:///{copied.path}/.state/optuna.db"
    studies = optuna.get_all_study_summaries(storage)
    assert sorted(study.n_trials for study in studies) == [4, 6]
    assert list((copied.path / ".dvc/tmp/exps").rglob("*.db")) == []


def test_a_table_that_git_ignores_is_named(copied: Project) -> None:
    copied.run(*SET_UP, f"{copied.path}/.state/dvc")
    (copied.path / "tables/own.csv").write_text("a,b\n1,2\n")
    command = ["dvc", "exp", "run", "--temp", "-S", "data.source=tables/own.csv"]
    printed = copied.run(*command, code=255)
    assert "tables/own.csv: git ignores it, so DVC's copy of the project lacks it" in printed
    assert "Run dvc add tables/own.csv" in printed


@pytest.mark.parametrize("asked", [False, True])
def test_an_experiment_registers_nothing_until_it_is_committed_or_asked_for(
    copied: Project, asked: bool
) -> None:
    registry = Registry(copied)
    before = registry.state()
    copied.run("git", "add", "-A")
    copied.run("git", "commit", "-qm", "The run")
    change = ["dvc", "exp", "run", "-S", "train.learning_rate=0.002"]
    if asked:
        printed = copied.run(*change, REGISTER="1")
        assert f"registered {MODEL} version 3 as challenger" in printed
        assert registry.state()[0]["challenger"] == "3"
        return
    printed = copied.run(*change)
    assert "not registered, as this run is a DVC experiment. Commit what you want" in printed
    assert "Tried out: nothing was registered, version 1 stays champion." in printed
    assert registry.state() == before
    assert json.loads((copied.path / "reports/gate.json").read_text())["outcome"] == "tried"
    shown = copied.run("make", "-o", ".venv/.ready", "experiments", COLUMNS="150")
    for column in ("verdict", "difference.log_loss", "best_cv_log_loss", "learning_rate"):
        assert column in shown
    # No column is cut, and nothing is missing from the commit.
    assert not {"…", "!"} & set(shown)

    promote = ["dvc", "repro", "--force", "--single-item", "promote"]
    assert "as code or parameters are not committed" not in copied.run(*promote)
    assert registry.state() == before
    copied.run("git", "commit", "-qam", "Learn faster")
    printed = copied.run(*promote)
    assert f"registered {MODEL} version 3 as challenger" in printed
    assert registry.state()[1] == ["1", "2", "3", "4"]
    gate = json.loads((copied.path / "reports/gate.json").read_text())
    (clean,) = [check for check in gate["checks"] if "ommitted" in check["name"] + check["wanted"]]
    assert clean["passed"]
