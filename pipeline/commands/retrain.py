"""Command `retrain`, for schedulers: fetch anew; if anything is new, train, decide and keep it."""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.commands.steps import StepError, run, succeeds
from pipeline.config.errors import InputError
from pipeline.config.params import load_params
from pipeline.config.reader import PARAMS_FILE
from pipeline.gate.report import GateReport, markdown
from pipeline.project.outputs import GATE, STATE, read_json, write_text
from pipeline.project.run_stage import logger, run_stage
from pipeline.tracking.registry.champion import CHAMPION, Registry
from pipeline.tracking.store.provenance import without_password

LOCK = Path("dvc.lock")
SUMMARY = STATE / "retrain.md"
KEPT = ("dvc.lock", "metrics", "reports/gate.json", "reports/gate.md")
UP_TO_DATE = "Data and pipelines are up to date."
TRAINING: tuple[str, ...] = ("tune", "compare")


def main() -> None:
    arguments = parser().parse_args()
    started = time.monotonic()
    with told_if_it_fails(started):
        report = retrain(arguments)
        if report is None:
            nothing = "Nothing new: data, parameters and code are those of the last run."
            conclude(nothing, "", started)
        else:
            conclude(report.sentence, body(report), started)
            keep(report.sentence, arguments.push)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m pipeline.commands.retrain", description=__doc__)
    made.add_argument("--trials", help="set search.trials to this first, and commit it")
    made.add_argument("--force", action="store_true", help="train even if nothing is new")
    made.add_argument("--push", action="store_true", help="git push the commit to origin")
    return made


def retrain(arguments: argparse.Namespace) -> GateReport | None:
    """Everything up to the gate's decision; None if there was nothing new."""
    model = load_params().tracking.model_name
    if arguments.trials:
        set_trials(arguments.trials)
    again = TRAINING if arguments.force else ()
    remote = bool(run("dvc", "remote", "list", quiet=True).strip())
    run("dvc", "repro", "--force", "--single-item", "fetch")
    before = last_decision()
    unsettled = before is not None and before.outcome == "undecided"
    if up_to_date() and not (arguments.force or unsettled):
        if not champion_is_lost(model, before):
            return None
        logger.warning("%s has no champion any more: what it held is registered anew.", model)
        again, unsettled = ("compare",), True
    # With the run-cache: what any machine has done before is not done again.
    pull = ["--pull"] if remote else []
    run("dvc", "repro", *pull, "split")
    run(sys.executable, "-m", "pipeline.commands.drift")
    if again:
        run("dvc", "repro", *pull, "tune")
    for stage in again:
        run("dvc", "repro", "--force", "--single-item", stage)
    run("dvc", "repro", *pull)
    if unsettled and last_decision() == before:
        # Nothing that DVC sees has changed, but the registry may be there again.
        run("dvc", "repro", "--force", "--single-item", "promote")
    if remote:
        run("dvc", "push", "--run-cache", "--quiet")
    return last_decision()


def last_decision() -> GateReport | None:
    """What the gate decided last, if it did."""
    path = GATE.with_suffix(".json")
    return GateReport.model_validate(read_json(path)) if path.is_file() else None


def champion_is_lost(model: str, before: GateReport | None) -> bool:
    """Whether there was a champion and the registry has none; False if it does not answer."""
    if before is None or not (before.champion or before.outcome == "promoted"):
        return False
    try:
        return Registry(model).holder(CHAMPION) is None
    except InputError as error:
        logger.warning("Nothing is new, so this stops nothing: %s", error)
        return False


def up_to_date() -> bool:
    """Whether DVC sees nothing to run; it asks for no file but what is compared."""
    try:
        return UP_TO_DATE in run("dvc", "repro", "--dry", "--allow-missing", quiet=True)
    except StepError:
        # A dry run makes nothing, so it stumbles over the outputs of what would have run.
        return False


def set_trials(trials: str) -> None:
    """Set search.trials in params.yaml and commit that, so that the models' code is committed."""
    text = PARAMS_FILE.read_text(encoding="utf-8")
    changed = re.sub(r"^(search:.*?\n  trials: )\S+", rf"\g<1>{trials}", text, flags=re.M | re.S)
    if changed == text:
        return
    write_text(PARAMS_FILE, changed)
    try:
        load_params()
    except InputError:
        write_text(PARAMS_FILE, text)
        raise
    run("git", "commit", "--quiet", "-m", f"Set search.trials to {trials}", "--", str(PARAMS_FILE))


def keep(sentence: str, push: bool) -> None:
    """Commit what the run changed, and push the commit if asked to."""
    there = [name for name in KEPT if Path(name).exists()]
    run("git", "add", "--", *there)
    if succeeds("git", "diff", "--cached", "--quiet"):
        logger.info("Nothing to commit.")
        return
    run("git", "commit", "--quiet", "-m", f"Retrain: {sentence}")
    announce("committed", "true")
    if push:
        run(
            "git",
            "push",
            "--quiet",
            "origin",
            "HEAD",
            hint="The commit is made here; push it, or run again: the result is in the run-cache.",
        )


def body(report: GateReport) -> str:
    """The decision, and how metrics and parameters differ from the last run's, as Markdown."""
    parts = [markdown(report).partition("\n")[2].strip()]
    last = run("git", "log", "-1", "--format=%h", "--", str(LOCK), quiet=True).strip()
    for title, kind in (("Metrics", "metrics"), ("Parameters", "params")):
        table = run("dvc", kind, "diff", "--md", last, quiet=True).strip() if last else ""
        if table.count("\n|") > 1:
            parts.append(f"## {title} that changed since the last run\n\n{table}")
    return "\n\n".join(parts)


@contextmanager
def told_if_it_fails(started: float) -> Iterator[None]:
    """Leave a summary when the job fails too."""
    try:
        yield
    except InputError as error:
        decided = ""
        if str(error).startswith("promote:") and GATE.with_suffix(".md").is_file():
            decided = GATE.with_suffix(".md").read_text(encoding="utf-8")
        conclude(f"Stopped: {error}", decided, started)
        raise


def conclude(headline: str, details: str, started: float) -> None:
    """Say how it went: in the log, in `.state/retrain.md`, and in the CI job's summary."""
    minutes, seconds = divmod(round(time.monotonic() - started), 60)
    page = f"# Retraining\n\n**{headline}**\n\n{details}\n\nTook {minutes} min {seconds} s.\n"
    page = without_password(page)
    write_text(SUMMARY, page)
    _append("GITHUB_STEP_SUMMARY", page)
    if not headline.startswith("Stopped"):
        logger.info("%s Took %d min %d s.", headline, minutes, seconds)


def announce(name: str, value: str) -> None:
    """Tell later steps of a GitHub job."""
    _append("GITHUB_OUTPUT", f"{name}={value}\n")


def _append(variable: str, text: str) -> None:
    path = os.environ.get(variable)
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    run_stage(main)
