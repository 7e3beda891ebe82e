from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.tracking.store.provenance import how_to_reproduce, provenance_tags, without_password


def git(*arguments: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@localhost"]
    command = ["git", *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    git("init", "-q")
    for name in ("params.yaml", "dvc.lock", "uv.lock"):
        (tmp_path / name).write_text("a: 1\n")
    git("add", "-A")
    git("commit", "-qm", "first")
    provenance_tags.cache_clear()
    yield tmp_path
    provenance_tags.cache_clear()


def test_outputs_of_a_run_do_not_make_the_code_dirty(repository: Path) -> None:
    (repository / "dvc.lock").write_text("a: 2\n")
    assert provenance_tags()["git_dirty"] == "false"
    assert len(provenance_tags()["environment_lock"]) == 12


def test_changed_parameters_are_dirty_and_said(repository: Path) -> None:
    (repository / "params.yaml").write_text("a: 2\n")
    assert provenance_tags()["git_dirty"] == "true"


def test_passwords_of_addresses_are_taken_out() -> None:
    text = "cloned from https://me:secret@host/repo and postgresql://u:p@db/x"
    assert without_password(text) == "cloned from https://host/repo and postgresql://db/x"


def test_passwords_with_an_at_sign_and_tokens_in_the_query_are_taken_out() -> None:
    text = "GET 'https://u:p@ss@host/data.csv?sep=;&X-Amz-Signature=abc&token=xyz' failed"
    assert without_password(text) == (
        "GET 'https://host/data.csv?sep=;&X-Amz-Signature=…&token=…' failed"
    )


def test_outside_a_repository_nothing_is_claimed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    provenance_tags.cache_clear()
    assert "git_dirty" not in provenance_tags()
    provenance_tags.cache_clear()
    monkeypatch.setattr(
        "pipeline.tracking.store.provenance.provenance_tags",
        lambda: {"mlflow.source.git.commit": "abc", "git_dirty": "true"},
    )
    assert how_to_reproduce().startswith("Reproduce: `git checkout abc && make repro` (made with")
