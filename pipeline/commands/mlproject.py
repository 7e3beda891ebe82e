"""Command `mlproject`, for `MLproject`: run the pipeline and link its runs to the project run."""

from __future__ import annotations

import argparse
import os
import subprocess

from pipeline.config.errors import InputError
from pipeline.project.run_stage import run_stage

UNCHANGED = "unchanged"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--until", default="promote", help="the last stage to run")
    parser.add_argument("--trials", default=UNCHANGED, help="search.trials, if it is to change")
    arguments = parser.parse_args()

    command = ["dvc", "repro", arguments.until]
    if arguments.trials != UNCHANGED:
        # In a copy of the project: what a user has in params.yaml is not this run's to change.
        setting = f"search.trials={_count(arguments.trials)}"
        command = ["dvc", "exp", "run", "--temp", "-S", setting, arguments.until]
    project_run = os.environ.get("MLFLOW_RUN_ID")
    code = subprocess.run(command, check=False).returncode
    if project_run:
        from pipeline.tracking.study.project_run import link_project_run

        link_project_run(project_run)
    raise SystemExit(code)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise InputError(
            f"trials is {text!r}, want a whole number >= 1. Change it, e.g. trials=20."
        )
    return int(text)


if __name__ == "__main__":
    run_stage(main)
