from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.config.errors import InputError
from pipeline.project.place import check_copied, copied_from, in_project

ROOT = Path(__file__).parents[2]
STATE = Path(".state/x")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy by DVC of the project in the temporary folder."""
    folder = tmp_path / ".dvc/tmp/exps/temp/tmpabc"
    (folder / "tables").mkdir(parents=True)
    (tmp_path / "tables").mkdir()
    return folder


def test_a_copy_uses_the_projects_own_state(
    copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(copy)
    assert copied_from() == tmp_path
    assert in_project(STATE) == tmp_path / STATE
    assert in_project(Path("/elsewhere/x")) == Path("/elsewhere/x")
    # A project in a subfolder of the repository: DVC's folder is in it, the copy has both.
    assert copied_from(copy / "sub/project") == tmp_path
    for place in (tmp_path, tmp_path / ".dvc/tmp/exps", tmp_path / "exps/x", Path("/")):
        assert copied_from(place) is None
    monkeypatch.chdir(tmp_path)
    assert in_project(STATE) == STATE


@pytest.mark.parametrize("source", ["tables/a.csv", "tables/*.csv", "tables/**/*.csv"])
def test_a_table_that_was_not_copied_is_named(
    copy: Path, tmp_path: Path, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / "tables" / name).touch()
    (copy / "tables/b.csv").touch()
    monkeypatch.chdir(copy)
    with pytest.raises(InputError, match=r"^tables/a\.csv: git ignores it.* Run dvc add tables/a"):
        check_copied(source)
    (copy / "tables/a.csv").touch()
    check_copied(source)


def test_other_sources_are_none_of_the_copys_business(
    copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "breast_cancer").touch()
    monkeypatch.chdir(tmp_path)
    check_copied("tables/none.csv")
    monkeypatch.chdir(copy)
    for source in ("tables/none.csv", "digits", "https://host/x.csv", "sql:URL", "/data/x.csv"):
        check_copied(source)


HOLD = """
import logging, sys, time
logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
from pipeline.project.lock import exclusive
with exclusive():
    print("held", flush=True)
    time.sleep(float(sys.argv[1]))
"""


def test_experiments_in_copies_wait_for_each_other_and_the_project(
    copy: Path, tmp_path: Path
) -> None:
    def hold(folder: Path, seconds: float) -> subprocess.Popen[str]:
        command = [sys.executable, "-u", "-c", HOLD, str(seconds)]
        return subprocess.Popen(
            command, cwd=folder, env={"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True
        )

    with hold(tmp_path, 3) as project:
        assert project.stdout is not None
        assert project.stdout.readline() == "held\n"
        with hold(copy, 0) as experiment:
            assert experiment.stdout is not None
            assert f"waiting for process {project.pid} since" in experiment.stdout.readline()
            begun = time.monotonic()
            assert experiment.stdout.readline() == "held\n"
            assert time.monotonic() - begun < 60
            assert project.poll() is not None or project.wait(5) == 0
    assert not (copy / ".state").exists()
