"""The real pipeline on small settings, in a clone of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.made_once import made_once

ROOT = Path(__file__).parents[2]
SERVER_START_S = 180
SMALL = {
    "  trials: 100": "  trials: 4",
    "  batch: 8": "  batch: 2",
    "  max_epochs: 100": "  max_epochs: 6",
    # Steps enough for the search to find something better than the baseline.
    "  batch_size: 32": "  batch_size: 8",
    "  folds: 5": "  folds: 3",
    "  seeds: 20": "  seeds: 3",
    "  resamples: 2000": "  resamples: 200",
    "  curve_points: 5": "  curve_points: 2",
    "  bootstrap_sets: 50": "  bootstrap_sets: 3",
    "  reference_repeats: 100": "  reference_repeats: 3",
    "  folds: 5\n  # Times": "  folds: 3\n  # Times",
    "  repeats: 4": "  repeats: 2",
    "  trials: 20": "  trials: 5",
    "  strengths: 3": "  strengths: 1",
    "units: 300": "units: 24",
}


@dataclass(frozen=True)
class Project:
    """A clone with small settings, and a clean environment to run its commands in."""

    path: Path
    environment: dict[str, str]

    def run(self, *command: str, code: int = 0, **variables: str) -> str:
        """Run a command in the clone, expect its exit code, and give what it printed."""
        done = subprocess.run(
            command,
            cwd=self.path,
            env=self.environment | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout
        return done.stdout

    def stage(self, name: str, code: int = 0, **variables: str) -> str:
        """Run one stage without DVC."""
        return self.run(sys.executable, "-m", f"pipeline.stages.{name}", code=code, **variables)

    def command(self, name: str, *arguments: str, code: int = 0) -> str:
        """Run one of the project's commands."""
        return self.run(sys.executable, "-m", f"pipeline.commands.{name}", *arguments, code=code)

    def edit(self, old: str, new: str, file: str = "params.yaml") -> None:
        """Replace a text that is there."""
        path = self.path / file
        text = path.read_text()
        assert old in text, f"{old!r} is not in {file}"
        path.write_text(text.replace(old, new, 1))


def clean_environment() -> dict[str, str]:
    """Return what commands of a project see: the tools, and nothing that this machine sets."""
    kept = ("HOME", "LANG", "TMPDIR", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    environment["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return environment | {
        f"GIT_{who}_{what}": "test@localhost"
        for who in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }


def clone(path: Path, changes: Mapping[str, str] = SMALL) -> Project:
    """Make a new repository with the files of this one, as they are in the work tree.

    changes: texts of params.yaml, and what stands in their place.
    """
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True).stdout
    for name in names.decode().split("\0"):
        source = ROOT / name
        if name and source.is_file() and name != "dvc.lock" and not name.startswith("metrics/"):
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, path / name)
    project = Project(path, clean_environment())
    for old, new in changes.items():
        project.edit(old, new)
    project.run("git", "init", "-q")
    project.run("git", "add", "-A")
    project.run("git", "commit", "-qm", "Settings")
    return project


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Project]:
    """Make a clone in which nothing has run, always of the same state of the work tree."""

    def make(folder: Path) -> str:
        clone(folder)
        return ""

    template, _ = made_once(tmp_path_factory, "template", make)

    def copy() -> Project:
        path = tmp_path_factory.mktemp("project")
        shutil.copytree(template, path, symlinks=True, dirs_exist_ok=True)
        return Project(path, clean_environment())

    return copy


@dataclass(frozen=True)
class Finished:
    """A clone in which `dvc repro` has run, and what it printed. Tests leave it as it is."""

    project: Project
    printed: str

    def copy(self, path: Path) -> Project:
        """Copy it, for tests that change it and for commands that lock it or write to it."""
        # Python renames these away at any time.
        drafts = shutil.ignore_patterns("*.pyc.*")
        shutil.copytree(self.project.path, path, symlinks=True, ignore=drafts)
        return Project(path, self.project.environment)


@pytest.fixture(scope="session")
def finished(fresh: Callable[[], Project], tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """One run of the whole pipeline, shared by the tests that only look."""

    def make(folder: Path) -> str:
        shutil.copytree(fresh().path, folder, symlinks=True, dirs_exist_ok=True)
        return Project(folder, clean_environment()).run("dvc", "repro")

    path, printed = made_once(tmp_path_factory, "finished", make)
    return Finished(Project(path, clean_environment()), printed)


@pytest.fixture
def copied(finished: Finished, tmp_path: Path) -> Project:
    """The finished run in a folder of its own, free to be changed."""
    return finished.copy(tmp_path / "copy")


@contextmanager
def serving(project: Project, *command: str, path: str = "/health") -> Iterator[str]:
    """A server on a free port of loopback, for as long as the block lasts; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = project.path.with_name(f"{project.path.name}-server-{port}.log")
    with log.open("w") as out:
        server = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(port)],
            cwd=project.path,
            # Its runners of background jobs are five more processes, and no test asks for them.
            env=project.environment | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + SERVER_START_S
        while not _answers(address + path):
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield address
    finally:
        os.killpg(server.pid, 15)
        server.wait(timeout=30)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
