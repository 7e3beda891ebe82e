"""Six scheduled runs, each in a fresh clone as in CI, with a real server and a real remote."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest
from mlflow import MlflowClient

from pipeline.tracking.registry.journal import Entry, read_journal
from tests.e2e.conftest import Project, serving

MODEL = "regularized-net"
# Put together here, so that the clones' own copies of this file do not hold it.
SECRET = "-".join(("correct", "horse", "battery"))
RETRAIN = [sys.executable, "-m", "pipeline.commands.retrain", "--push"]
SETTINGS = {
    "  source: breast_cancer": "  source: '{source}'",
    "  target: null": "  target: outcome",
    "  trials: 4": "  trials: 2",
    "  learning_rate: 0.001": "  learning_rate: 0.01",
    "  seeds: 3": "  seeds: 2",
}


def table(rows: int, seed: int, shuffled: bool = False) -> pd.DataFrame:
    """Six numbers that tell the outcome apart, and one category that does not."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 6))
    y = x @ [2.0, -1.5, 1.0, 0.5, 0.0, 0.0] + rng.logistic(size=rows) * 0.7 > 0
    frame = pd.DataFrame(x, columns=[f"x{k}" for k in range(6)]).round(4)
    frame["colour"] = rng.choice(["red", "green"], rows)
    frame["outcome"] = np.where(rng.permutation(y) if shuffled else y, "yes", "no")
    return frame


@dataclass
class Schedule:
    """A repository and its surroundings: the source, the server, the remote, and clones of it."""

    folder: Path
    template: Project
    server: str
    source: Path
    runs: int = 0

    def clone(self) -> Project:
        self.runs += 1
        path = self.folder / f"run-{self.runs}"
        origin = str(self.folder / "origin.git")
        subprocess.run(["git", "clone", "--quiet", origin, str(path)], check=True)
        address = self.server.replace("://", f"://me:{SECRET}@")
        environment = self.template.environment | {
            "MLFLOW_TRACKING_URI": address,
            "GITHUB_STEP_SUMMARY": str(self.folder / f"summary-{self.runs}.md"),
            "GITHUB_RUN_ID": str(self.runs),
            "GITHUB_EVENT_NAME": "schedule",
        }
        return Project(path, environment)

    def run(self, code: int = 0) -> str:
        """One scheduled run in a fresh clone; gives its log."""
        log = self.clone().run(*RETRAIN, code=code)
        (self.folder / f"log-{self.runs}.txt").write_text(log)
        return log

    def summary(self) -> str:
        return (self.folder / f"summary-{self.runs}.md").read_text()

    def client(self) -> MlflowClient:
        return MlflowClient(self.server)

    def aliases(self) -> dict[str, str]:
        found = self.client().get_registered_model(MODEL).aliases
        return {name: str(v) for name, v in found.items() if name in ("champion", "previous")}

    def journal(self) -> list[Entry]:
        return [entry for entry, _ in read_journal(self.client(), MODEL)]

    def head(self) -> str:
        command = ["git", "log", "-1", "--format=%s"]
        where = self.folder / "origin.git"
        return subprocess.run(
            command, cwd=where, check=True, capture_output=True, text=True
        ).stdout.strip()


@pytest.fixture
def schedule(fresh: Callable[[], Project], tmp_path: Path) -> Iterator[Schedule]:
    template = fresh()
    source = tmp_path / "table.csv"
    for old, new in SETTINGS.items():
        template.edit(old, new.format(source=source.as_uri()))
    template.run("dvc", "remote", "add", "--default", "store", str(tmp_path / "remote"))
    template.run("git", "commit", "--quiet", "--all", "--message", "Settings")
    template.run("git", "clone", "--quiet", "--bare", ".", str(tmp_path / "origin.git"))
    server = ["mlflow", "server", "--workers", "1", "--backend-store-uri", "sqlite:///server.db"]
    server += ["--serve-artifacts", "--artifacts-destination", str(tmp_path / "artifacts")]
    with serving(template, *server) as address:
        yield Schedule(tmp_path, template, address, source)


@pytest.mark.long
def test_six_scheduled_runs_and_a_rollback(schedule: Schedule) -> None:
    first, more, bad = table(260, 1), table(900, 2), table(600, 3, shuffled=True)

    # 1. The first model.
    first.to_csv(schedule.source, index=False)
    log = schedule.run()
    assert "Promoted: version 1 is champion, the first one." in log
    assert schedule.aliases() == {"champion": "1"}
    assert schedule.head() == "Retrain: Promoted: version 1 is champion, the first one."
    assert "**Promoted: version 1 is champion, the first one.**" in schedule.summary()

    # 2. No new data.
    log = schedule.run()
    assert "Nothing new" in log
    assert "tune" not in log
    assert "**Nothing new" in schedule.summary()
    assert len(schedule.journal()) == 1
    assert schedule.head() == "Retrain: Promoted: version 1 is champion, the first one."

    # 3. More rows of the same kind.
    good = pd.concat([first, more])
    good.to_csv(schedule.source, index=False)
    schedule.run()
    assert schedule.aliases() == {"champion": "3", "previous": "1"}
    entry = schedule.journal()[-1]
    assert (entry.action, entry.version, entry.champion) == ("promoted", "3", "1")
    assert entry.by.startswith("GitHub Actions")
    assert "## Metrics that changed since the last run" in schedule.summary()
    assert "900 rows that the champion has not seen" in schedule.summary()

    # 4. New rows whose labels say nothing.
    pd.concat([good, bad]).to_csv(schedule.source, index=False)
    log = schedule.run()
    assert "Refused: version 5 did not pass, version 3 stays champion." in log
    assert "the champion errs more often on new rows" in schedule.summary()
    assert schedule.aliases() == {"champion": "3", "previous": "1"}
    assert schedule.journal()[-1].action == "refused"
    assert schedule.head().startswith("Retrain: Refused: version 5")

    # 5. A column is gone.
    good.drop(columns="x3").to_csv(schedule.source, index=False)
    log = schedule.run(code=1)
    assert "column x3 is gone" in log
    assert "Traceback" not in log
    assert "tune" not in log
    assert "**Stopped:" in schedule.summary()
    assert "column x3 is gone" in schedule.summary()
    assert "Refused" not in schedule.summary()
    assert schedule.aliases() == {"champion": "3", "previous": "1"}
    assert schedule.head().startswith("Retrain: Refused: version 5")

    # 6. Killed in the middle, then repeated.
    pd.concat([good, table(300, 4)]).to_csv(schedule.source, index=False)
    # After the models are registered, before DVC and git know of it.
    kill_at("as challenger", schedule.clone())
    assert schedule.aliases() == {"champion": "3", "previous": "1"}
    log = schedule.run()
    champion = schedule.aliases()["champion"]
    assert f"Promoted: version {champion} is champion, version 3 is previous." in log
    assert schedule.aliases()["previous"] == "3"
    assert [entry.action for entry in schedule.journal()] == [
        "promoted", "promoted", "refused", "promoted"
    ]  # fmt: skip

    # Rollback, from any clone.
    clone = schedule.clone()
    clone.command("rollback", "--reason", "customers complain")
    assert schedule.aliases() == {"champion": "3", "previous": champion}
    assert "- customers complain" in clone.command("status")
    assert_no_secret(schedule)


def kill_at(line: str, project: Project) -> None:
    """Start a scheduled run and kill it with all it has started once it prints the line."""
    process = subprocess.Popen(
        RETRAIN, cwd=project.path, env=project.environment, stdout=subprocess.PIPE, text=True,
        stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdout is not None
    printed = []
    for said in process.stdout:
        printed.append(said)
        if line in said:
            break
    else:
        raise AssertionError("".join(printed))
    # Stopped first, or one of them starts another while the others are being killed.
    family = {psutil.Process(process.pid)}
    while True:
        for one in family:
            one.suspend()
        found = family | {child for one in family for child in one.children(recursive=True)}
        if found == family:
            break
        family = found
    for one in family:
        one.kill()
    process.communicate()


def assert_no_secret(schedule: Schedule) -> None:
    """The server's password is in no log, summary, report, commit, run or version."""
    server = schedule.template.path
    places = [
        *schedule.folder.glob("*.txt"),
        *schedule.folder.glob("summary-*.md"),
        *(schedule.folder / "artifacts").rglob("*"),
        *(schedule.folder / "remote").rglob("*"),
        *(schedule.folder / "run-1").rglob("*"),
        *server.glob("server.db*"),
    ]
    read = [path for path in places if path.is_file()]
    assert len(read) > 50
    assert [path for path in read if SECRET.encode() in path.read_bytes()] == []
