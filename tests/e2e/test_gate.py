"""The gate on real models and a real registry: what it lets through, and what it does not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from tests.e2e.conftest import Finished, Project

MODEL = "regularized-net"
SECRET = "hunter2"


class Gate:
    """The registry of a project, and short ways to what tests ask of it."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.client = MlflowClient(f"sqlite:///{project.path}/mlflow.db")

    def aliases(self) -> dict[str, str]:
        found = self.client.get_registered_model(MODEL).aliases
        return {name: str(version) for name, version in found.items() if name != "baseline"}

    def report(self) -> dict[str, Any]:
        report: dict[str, Any] = json.loads((self.project.path / "reports/gate.json").read_text())
        return report

    def failed(self) -> set[str]:
        return {check["name"] for check in self.report()["checks"] if not check["passed"]}

    def teach_champion(self, **roles: object) -> None:
        """Give version 2 what version 1 has: the roles of its rows, and its training rows."""
        one, two = (self.client.get_model_version(MODEL, number) for number in ("1", "2"))
        folder = self.project.path / ".state"
        kept = Path(self.client.download_artifacts(one.run_id, "roles.json", str(folder)))
        basis = json.loads(kept.read_text()) | roles
        self.client.log_text(two.run_id, json.dumps(basis), "roles.json")
        path = self.client.download_artifacts(one.run_id, "reference.json", str(folder))
        self.client.log_artifact(two.run_id, path)


@pytest.fixture
def gate(copied: Project) -> Gate:
    """The finished run with its baseline, version 2, forced to be champion; 1 is challenger."""
    copied = Project(copied.path, copied.environment | {"REGISTER": "1"})
    shown = copied.command("promote", "--force", "--version", "2", "--reason", "try")
    assert "Promoted past the gate: version 2 is champion." in shown
    return Gate(copied)


def test_first_model_went_live_by_its_floors(finished: Finished) -> None:
    gate = Gate(finished.project)
    assert gate.aliases() == {"challenger": "1", "champion": "1"}
    report = gate.report()
    assert report["outcome"] == "promoted"
    assert [check["name"] for check in report["checks"]] == [
        "Balanced accuracy", "ROC AUC", "Calibration error", "Accuracy of the worst slice",
        "Findings in the data",
    ]  # fmt: skip
    shown = finished.project.command("status")
    assert "champion   version 1" in shown
    assert "version 1 promoted, by " in shown
    run = gate.client.get_model_version(MODEL, "1").run_id
    kept = {file.path for file in gate.client.list_artifacts(run)}
    assert {"gate.md", "gate.json", "reference.json", "roles.json", "decisions"} <= kept
    # No tag is for machines only to read.
    tags = gate.client.get_model_version(MODEL, "1").tags
    assert not [text for text in tags.values() if text.startswith(("{", "["))]


def test_gate_and_report_give_one_calibration_error(finished: Finished) -> None:
    report = json.loads((finished.project.path / "reports/comparison.json").read_text())
    judged = Gate(finished.project).report()["metrics"]["challenger"]
    assert judged["calibration_error"] == report["tuned"]["test"]["calibration_error"]


def test_nothing_goes_live_on_what_is_not_known_and_all_of_it_does_on_what_is(gate: Gate) -> None:
    project = gate.project
    assert gate.aliases() == {"challenger": "1", "champion": "2", "previous": "1"}
    assert "Refused: version 1 did not pass" in project.stage("promote")
    assert gate.failed() == {"Roles of rows", "Drift"}

    gate.teach_champion(**{"split.seed": 7})
    project.edit("on_refusal: flag", "on_refusal: fail")
    printed = project.stage("promote", code=1)
    assert "split.seed is 42, was 7" in printed
    assert "ERROR: promote: refused" in printed
    assert gate.aliases()["champion"] == "2"

    gate.teach_champion()
    assert "Promoted: version 1 is champion" in project.stage("promote")
    assert gate.aliases() == {"challenger": "1", "champion": "1", "previous": "2"}
    drift = json.loads((project.path / "metrics/drift.json").read_text())
    assert (drift["level"], drift["new_rows"]) == ("none", 0)
    assert "Kept: version 1" in project.stage("promote")

    back = project.command("rollback", "--reason", "bad in production")
    assert "Rolled back: version 2 is champion, version 1 is previous." in back
    assert "was rolled back" not in back
    project.stage("promote", code=1)
    assert gate.failed() == {"Rolled back"}
    shown = project.command("status")
    assert shown.index("version 1 refused") < shown.index("rolled back to version 2 from 1")
    assert "- bad in production" in shown


def test_gate_decides_the_same_whatever_the_evaluation_says(gate: Gate) -> None:
    project = gate.project
    project.stage("promote")
    before = gate.report()
    evaluation, comparison = (
        project.path / f"reports/{name}.json" for name in ("evaluate", "comparison")
    )
    said = json.loads(evaluation.read_text())
    verdicts = {said["verdict"], "helps", "hurts", "makes no difference that matters"}
    assert json.loads(comparison.read_text())["evaluation"] == said
    for verdict in sorted(verdicts - {said["verdict"]}):
        other = said | {"verdict": verdict}
        evaluation.write_text(json.dumps(other))
        record = json.loads(comparison.read_text())
        comparison.write_text(json.dumps(record | {"verdict": verdict, "evaluation": other}))
        project.stage("promote")
        after = gate.report()
        for key in ("outcome", "reasons", "checks", "metrics"):
            assert after[key] == before[key]


def test_champion_that_does_not_load_is_trouble(gate: Gate) -> None:
    gate.teach_champion()
    source = gate.client.get_model_version(MODEL, "2").source
    model = gate.client.get_logged_model(source.removeprefix("models:/"))
    folder = Path(model.artifact_location.removeprefix("file://"))
    folder = folder if folder.is_absolute() else gate.project.path / folder
    shutil.rmtree(folder)
    printed = gate.project.stage("promote", code=1)
    assert "version 2 cannot judge today's test rows" in printed
    assert "Traceback" not in printed
    assert gate.report()["outcome"] == "undecided"
    assert gate.aliases()["champion"] == "2"
    assert "version 1 undecided" in gate.project.command("status")


def test_artifacts_that_cannot_be_had_are_trouble(gate: Gate) -> None:
    """The registry answers, but the folder of all runs' files is gone and cannot be made anew."""
    gate.teach_champion()
    files = gate.project.path / "mlruns"
    shutil.rmtree(files)
    files.write_text("no folder")
    printed = gate.project.stage("promote", code=1)
    assert "Undecided: nothing was promoted, version 2 stays champion." in printed
    assert "Traceback" not in printed
    assert gate.report()["outcome"] == "undecided"
    assert gate.aliases()["champion"] == "2"


def test_unreachable_registry_promotes_nothing_and_shows_no_password(copied: Project) -> None:
    uri = f"http://me:{SECRET}@127.0.0.1:9"
    printed = copied.stage("promote", code=1, MLFLOW_TRACKING_URI=uri)
    assert "Undecided: nothing was promoted." in printed
    assert "MLflow at http://127.0.0.1:9 does not answer" in printed
    copied.edit("on_trouble: fail", "on_trouble: flag")
    copied.stage("promote", MLFLOW_TRACKING_URI=uri, REGISTER="1")
    assert Gate(copied).report()["outcome"] == "undecided"
    said = [printed, *(file.read_text() for file in (copied.path / "reports").glob("gate.*"))]
    assert not [text for text in said if SECRET in text]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rollback", "--reason", "x"], "there is no previous champion"),
        (["rollback", "--reason", "x", "--to", "9"], "version '9' not found, want one of: 1, 2"),
        (["rollback", "--reason", "x", "--to", "1"], "version 1 is champion already"),
        (["promote", "--force"], "--force and --reason were not both given"),
    ],
)
def test_commands_say_what_they_want(copied: Project, arguments: list[str], message: str) -> None:
    before = Gate(copied).aliases()
    printed = copied.command(*arguments, code=1)
    assert message in printed
    assert len(printed.strip().splitlines()) == 1
    assert Gate(copied).aliases() == before
