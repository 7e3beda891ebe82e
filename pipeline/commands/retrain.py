"""Command `retrain`, for schedulers: fetch anew; if anything is new, train, decide and keep it."""

from __future__ import annotations

import argparse
import sys
import time

from pipeline.commands.retrain_commit import commit_outcome, commit_trials
from pipeline.commands.retrain_summary import conclude, details, summary_if_it_fails
from pipeline.commands.steps import StepError, run
from pipeline.config.errors import InputError
from pipeline.config.params import load_params
from pipeline.gate.report import GateReport
from pipeline.project.outputs import GATE, read_json
from pipeline.project.run_stage import logger, run_stage
from pipeline.tracking.registry.champion import CHAMPION, Registry

UP_TO_DATE = "Data and pipelines are up to date."
TRAINING: tuple[str, ...] = ("tune", "compare")


def main() -> None:
    arguments = parser().parse_args()
    started = time.monotonic()
    with summary_if_it_fails(started):
        report = retrain(arguments)
        if report is None:
            nothing = "Nothing new: data, parameters and code are those of the last run."
            conclude(nothing, "", started)
        else:
            conclude(report.sentence, details(report), started)
            commit_outcome(report.sentence, arguments.push)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m pipeline.commands.retrain", description=__doc__)
    made.add_argument("--trials", help="set search.trials to this first, and commit it")
    made.add_argument("--force", action="store_true", help="train even if nothing is new")
    made.add_argument("--push", action="store_true", help="git push the commit to origin")
    return made


def retrain(arguments: argparse.Namespace) -> GateReport | None:
    """Do everything up to the gate's decision, and return it; None if nothing was new."""
    model = load_params().tracking.model_name
    if arguments.trials:
        commit_trials(arguments.trials)
    again = TRAINING if arguments.force else ()
    remote = bool(run("dvc", "remote", "list", quiet=True).strip())
    run("dvc", "repro", "--force", "--single-item", "fetch")
    before = last_decision()
    unsettled = before is not None and before.outcome in ("undecided", "tried")
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
        run("dvc", "repro", *pull, "tune", "evaluate")
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
    """Read what the gate decided last, if it did."""
    path = GATE.with_suffix(".json")
    return GateReport.model_validate(read_json(path)) if path.is_file() else None


def champion_is_lost(model: str, before: GateReport | None) -> bool:
    """Say whether the registry lost its champion; no, if it does not answer."""
    if before is None or not (before.champion or before.outcome == "promoted"):
        return False
    try:
        return Registry(model).holder(CHAMPION) is None
    except InputError as error:
        logger.warning("Nothing is new, so this stops nothing: %s", error)
        return False


def up_to_date() -> bool:
    """Say whether DVC sees nothing to run; it asks for no file but what it compares."""
    try:
        return UP_TO_DATE in run("dvc", "repro", "--dry", "--allow-missing", quiet=True)
    except StepError:
        # A dry run makes nothing, so it stumbles over the outputs of what would have run.
        return False


if __name__ == "__main__":
    run_stage(main)
