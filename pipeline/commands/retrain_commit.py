"""Commit for a scheduled run: a new number of trials before it, its outcome after it."""

from __future__ import annotations

from pathlib import Path

from pipeline.commands.retrain_summary import announce
from pipeline.commands.steps import run, succeeds
from pipeline.config.editor import edit_params
from pipeline.config.reader import PARAMS_FILE
from pipeline.project.run_stage import logger

KEPT = ("dvc.lock", "metrics", "reports/gate.json", "reports/gate.md")


def commit_trials(trials: str) -> None:
    """Set search.trials in params.yaml and commit that, so that the models' code is committed."""
    number = int(trials) if trials.isascii() and trials.isdecimal() else trials
    if edit_params({"search": {"trials": number}}, origin="--trials"):
        message = f"Set search.trials to {trials}"
        run("git", "commit", "--quiet", "-m", message, "--", str(PARAMS_FILE))


def commit_outcome(sentence: str, push: bool) -> None:
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
