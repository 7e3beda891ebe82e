"""The checkout in which all faults happen, and the undisturbed run it is held against."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import psutil

from tests.e2e.conftest import Project, clone

STAGES = ("tune", "evaluate", "compare")
HOLDER = ".state/stage.holder.json"
DVC_LOCK = ".dvc/tmp/rwlock"
END_S = 300
POLL_S = 0.01


class BrokenPromiseError(Exception):
    """A promise that a fault showed to be broken."""


@dataclass(frozen=True)
class Window:
    """Seconds of an undisturbed stage: before it holds the lock, and while it does."""

    start: float
    work: float


@dataclass
class Site:
    """One checkout, always at the same place: MLflow keeps absolute locations.

    target: the stage that is to be hit. variables: what its commands find in the environment.
    """

    folder: Path
    project: Project
    windows: dict[str, Window] = field(default_factory=dict)
    target: str = "tune"
    variables: dict[str, str] = field(default_factory=dict)

    @classmethod
    def prepare(cls, folder: Path) -> Site:
        """A clone with small settings, run without faults; its states are kept for `restore`."""
        site = cls(folder, clone(folder / "project"))
        site.project.run("dvc", "repro", "split")
        for stage in STAGES:
            shutil.copytree(site.project.path, folder / f"before-{stage}", symlinks=True)
            site.windows[stage] = site._watch(stage)
            # The stage by itself has made all there is; DVC notes it down.
            site.restore(stage)
            site.project.run("dvc", "repro", stage)
            shutil.copytree(site.project.path, folder / f"after-{stage}", symlinks=True)
        return site

    @property
    def reference(self) -> Path:
        """Return what the checkout looks like after an undisturbed target."""
        return self.folder / f"after-{self.target}"

    def restore(self, target: str) -> None:
        """The state in which the target has not run yet."""
        self.target = target
        self.variables = {}
        # A limit on the size of files holds for what is printed, too.
        (self.folder / "commands.log").unlink(missing_ok=True)
        shutil.rmtree(self.project.path)
        shutil.copytree(self.folder / f"before-{target}", self.project.path, symlinks=True)

    def start(self, *command: str, before: Callable[[], None] | None = None) -> Running:
        """Start a command in a session of its own."""
        log, held = self.folder / "commands.log", self.holder()
        with log.open("ab") as out:
            begins = out.tell()
            process = subprocess.Popen(
                command,
                cwd=self.project.path,
                env=self.project.environment | self.variables,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=before,
            )
        return Running(process, log, begins, held)

    def start_stage(self, before: Callable[[], None] | None = None) -> Running:
        """Start the target without DVC."""
        return self.start(sys.executable, "-m", f"pipeline.stages.{self.target}", before=before)

    def start_dvc(self) -> Running:
        """Start `dvc repro` of the target, as `make repro` does.

        DVC does not write its lock file whole or not at all, and refuses to run with an empty one.
        """
        lock = self.project.path / DVC_LOCK
        if lock.exists() and not lock.stat().st_size:
            lock.unlink()
        return self.start("dvc", "repro", self.target)

    def wait_within(self, running: Running, rng: Random) -> None:
        """Until a random instant: nine of ten while the stage works, one while it starts."""
        window = self.windows[self.target]
        if rng.random() < 0.1:
            time.sleep(rng.uniform(0, window.start))
            return
        share = rng.random()
        self.wait_begun(running)
        time.sleep(share * window.work)

    def wait_begun(self, running: Running) -> None:
        """Until the stage holds the lock, or has ended."""
        while self.holder() in ("", running.held) and running.process.poll() is None:
            time.sleep(POLL_S)

    def holder(self) -> str:
        """Return who holds the lock, or held it when it was killed."""
        try:
            return (self.project.path / HOLDER).read_text()
        except FileNotFoundError:
            return ""

    def finish(self) -> str:
        """Run the target to the end, as a user would after a fault."""
        running = self.start_dvc()
        running.expect(0)
        return running.printed()

    def assert_up_to_date(self) -> None:
        """DVC has noted down all that was made."""
        self.start("dvc", "status", self.target).expect(0, says="up to date")

    def _watch(self, stage: str) -> Window:
        self.target = stage
        begun = time.monotonic()
        running = self.start_stage()
        self.wait_begun(running)
        holds = time.monotonic()
        running.expect(0)
        return Window(holds - begun, time.monotonic() - holds)


@dataclass(frozen=True)
class Running:
    """A command that was started, where its output goes, and who held the lock before."""

    process: subprocess.Popen[bytes]
    log: Path
    begins: int
    held: str

    def below(self) -> list[psutil.Process]:
        """The processes it has started, their own included."""
        try:
            return list(psutil.Process(self.process.pid).children(recursive=True))
        except psutil.NoSuchProcess:
            return []

    def wait(self) -> int:
        """Its exit code; minus the number of the signal that ended it."""
        try:
            return self.process.wait(END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise BrokenPromiseError(f"did not end within {END_S} s:\n{self.printed()}") from None

    def expect(self, *codes: int, says: str = "") -> int:
        """Wait for one of these exit codes, and for words in what it printed; no traceback."""
        code, printed = self.wait(), self.printed()
        if code not in codes:
            raise BrokenPromiseError(
                f"exit code {code}, want {' or '.join(map(str, codes))}:\n{printed}"
            )
        if "Traceback" in printed:
            raise BrokenPromiseError(f"a traceback:\n{printed}")
        if says not in printed:
            raise BrokenPromiseError(f"does not say {says!r}:\n{printed}")
        return code

    def printed(self) -> str:
        """Return what it has printed."""
        with self.log.open("rb") as log:
            log.seek(self.begins)
            return log.read().decode(errors="replace")
