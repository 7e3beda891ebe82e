"""Report a decision about the champion, as JSON and as a page of Markdown."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from jinja2 import Environment, PackageLoader, StrictUndefined
from pydantic import BaseModel, ConfigDict

from pipeline.gate.decision import Check
from pipeline.gate.drift import Drift
from pipeline.tasks import calibration
from pipeline.tasks.known import TASKS
from pipeline.text.markdown import markdown_text

SCHEMA_VERSION = 1
# The figures of a model by name: every metric of the task, and how well it is calibrated.
TITLES = {metric.name: metric.title for task in TASKS.values() for metric in task.metrics} | {
    "calibration_error": calibration.TITLE
}
Outcome = Literal["promoted", "refused", "undecided", "kept", "tried"]


class GateReport(BaseModel):
    """Says what the gate decided and why.

    outcome: kept if the challenger is champion already, undecided if no decision was possible,
    tried if none was wanted, as the run only tries something out.
    challenger, champion: versions, the champion's from before the decision. metrics: figures of
    the challenger and the champion on today's test rows. drift: None without anything to compare.
    """

    model_config = ConfigDict(frozen=True)

    schema_version: int = SCHEMA_VERSION
    outcome: Outcome
    sentence: str
    model: str
    challenger: str | None = None
    champion: str | None = None
    at: str | None = None
    by: str
    reasons: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    metrics: dict[str, dict[str, float]] = {}
    drift: Drift | None = None


def markdown(report: GateReport) -> str:
    """Write one page that says what was decided, on what grounds, and what to do next."""
    environment = Environment(
        loader=PackageLoader("pipeline.gate"),
        autoescape=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["md"] = markdown_text
    environment.filters["time"] = lambda at: f"{datetime.fromisoformat(at):%Y-%m-%d %H:%M} UTC"
    template = environment.get_template("gate.md.jinja")
    return template.render(report=report, titles=TITLES)


def sentence(outcome: Outcome, challenger: str | None, champion: str | None) -> str:
    """Sum up the outcome in one sentence."""
    stays = f"version {champion} stays champion" if champion else "there is no champion yet"
    return {
        "promoted": f"Promoted: version {challenger} is champion"
        + (f", version {champion} is previous." if champion else ", the first one."),
        "refused": f"Refused: version {challenger} did not pass, {stays}.",
        "undecided": f"Undecided: nothing was promoted, {stays}.",
        "tried": f"Tried out: nothing was registered, {stays}.",
        "kept": f"Kept: version {champion} is the challenger and champion already.",
    }[outcome]
