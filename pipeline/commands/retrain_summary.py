"""Say how a scheduled run went: in the log, in a file, and in the CI job's summary."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.commands.steps import run
from pipeline.config.errors import InputError
from pipeline.gate.report import GateReport, markdown
from pipeline.project.outputs import GATE, STATE, write_text
from pipeline.project.run_stage import logger
from pipeline.tracking.store.provenance import without_password

LOCK = Path("dvc.lock")
SUMMARY = STATE / "retrain.md"


def details(report: GateReport) -> str:
    """Write the decision and how metrics and parameters have changed, as Markdown."""
    parts = [markdown(report).partition("\n")[2].strip()]
    last = run("git", "log", "-1", "--format=%h", "--", str(LOCK), quiet=True).strip()
    for title, kind in (("Metrics", "metrics"), ("Parameters", "params")):
        table = run("dvc", kind, "diff", "--md", last, quiet=True).strip() if last else ""
        if table.count("\n|") > 1:
            parts.append(f"## {title} that changed since the last run\n\n{table}")
    return "\n\n".join(parts)


@contextmanager
def summary_if_it_fails(started: float) -> Iterator[None]:
    """Leave a summary when the job fails too."""
    try:
        yield
    except InputError as error:
        decided = ""
        if str(error).startswith("promote:") and GATE.with_suffix(".md").is_file():
            decided = GATE.with_suffix(".md").read_text(encoding="utf-8")
        conclude(f"Stopped: {error}", decided, started)
        raise


def conclude(headline: str, more: str, started: float) -> None:
    """Say how it went: in the log, in `.state/retrain.md`, and in the CI job's summary."""
    minutes, seconds = divmod(round(time.monotonic() - started), 60)
    page = f"# Retraining\n\n**{headline}**\n\n{more}\n\nTook {minutes} min {seconds} s.\n"
    page = without_password(page)
    write_text(SUMMARY, page)
    _append("GITHUB_STEP_SUMMARY", page)
    if not headline.startswith("Stopped"):
        logger.info("%s Took %d min %d s.", headline, minutes, seconds)


def announce(name: str, value: str) -> None:
    """Hand a value on to the later steps of a GitHub job."""
    _append("GITHUB_OUTPUT", f"{name}={value}\n")


def _append(variable: str, text: str) -> None:
    path = os.environ.get(variable)
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)
