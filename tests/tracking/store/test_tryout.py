from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.tracking.store import tryout as module
from pipeline.tracking.store.provenance import committed_since, made_again, provenance_tags
from pipeline.tracking.store.tryout import REQUEST_NUMBERS, tryout
from tests.tracking.store.test_provenance import git


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A committed project, on a machine that says nothing of experiments or pull requests."""
    monkeypatch.chdir(tmp_path)
    variables = ("REGISTER", "DVC_EXP_BASELINE_REV", "GITHUB_EVENT_NAME", *REQUEST_NUMBERS)
    for name in variables:
        monkeypatch.delenv(name, raising=False)
    git("init", "-q")
    for name in ("params.yaml", "dvc.lock", "metrics/tune.json", "data/.gitignore"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("a: 1\n")
    git("add", "-A")
    git("commit", "-qm", "first")
    provenance_tags.cache_clear()
    yield tmp_path
    provenance_tags.cache_clear()


def test_what_is_committed_counts_whatever_a_run_itself_changed(repository: Path) -> None:
    for name in ("dvc.lock", "metrics/tune.json", "data/.gitignore"):
        (repository / name).write_text("a: 2\n")
    (repository / "untracked.csv").touch()
    assert tryout() is None


@pytest.mark.parametrize(
    ("variables", "why"),
    [
        ({"DVC_EXP_BASELINE_REV": "abc"}, "this run is a DVC experiment"),
        ({"GITHUB_EVENT_NAME": "pull_request"}, "this run is for a pull request"),
        ({"GITHUB_EVENT_NAME": "pull_request_target"}, "this run is for a pull request"),
        *(({name: "7"}, "this run is for a pull request") for name in REQUEST_NUMBERS),
        ({"GITHUB_EVENT_NAME": "schedule"}, None),
        ({"GITHUB_EVENT_NAME": "push"}, None),
        ({"DVC_EXP_BASELINE_REV": "abc", "REGISTER": "1"}, None),
        ({"DVC_EXP_BASELINE_REV": "abc", "REGISTER": " "}, "this run is a DVC experiment"),
    ],
)
def test_the_surroundings_say_what_only_tries_something_out(
    repository: Path, variables: dict[str, str], why: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert tryout() == why


def test_a_copy_by_dvc_tries_something_out(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = repository / ".dvc/tmp/exps/tmpabc"
    copy.mkdir(parents=True)
    monkeypatch.chdir(copy)
    assert tryout() == "this run is a DVC experiment"


def test_changed_parameters_try_something_out_until_they_are_committed(repository: Path) -> None:
    (repository / "params.yaml").write_text("a: 2\n")
    tried = provenance_tags()
    assert tryout() == "code or parameters are not committed"
    assert committed_since(tried) == {}

    (repository / "dvc.lock").write_text("a: 2\n")
    git("commit", "-qam", "second")
    provenance_tags.cache_clear()
    assert tryout() is None
    head = git("rev-parse", "HEAD")
    now = committed_since(tried)
    assert now["git_dirty"] == "false"
    assert now.get("mlflow.source.git.commit", head) == head

    (repository / "params.yaml").write_text("a: 3\n")
    git("commit", "-qam", "third")
    provenance_tags.cache_clear()
    assert committed_since(tried) == {}
    assert made_again(tried)["git_dirty"] == "false"


def test_outside_a_repository_nobody_can_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setattr(module, "REQUEST_NUMBERS", ())
    monkeypatch.delenv("GITHUB_EVENT_NAME", raising=False)
    provenance_tags.cache_clear()
    assert tryout() is None
    provenance_tags.cache_clear()
