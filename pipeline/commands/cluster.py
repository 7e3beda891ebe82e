"""Command `cluster`: run this project's pipeline on a cluster of servers, all on this machine.

Dask's scheduler and two workers train, PostgreSQL keeps the study and MLflow's runs, and an S3
server MLflow's artifacts and DVC's cache. It all listens on loopback, runs a clone of the last
commit, and ends with the command. The project itself stays as it is.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from pipeline.cluster.settings import ADDRESS
from pipeline.commands.postgres import postgres
from pipeline.commands.s3 import s3
from pipeline.commands.services import HOST, free_port, mlflow_server, scheduler, worker
from pipeline.config.errors import InputError, one_line
from pipeline.project.outputs import STATE, TRIALS
from pipeline.project.run_stage import ENDING, logger, run_stage

FOLDER = STATE / "cluster"
WORKERS = ("a", "b")
STUDIES, RUNS = "studies", "mlflow"
ARTIFACTS, CACHE = "mlflow", "dvc"
# A stage ends within seconds of a signal.
END_S = 30


def main() -> None:
    stack = ExitStack()
    try:
        project = cloned(FOLDER / "project")
        variables = start(FOLDER.absolute(), project, stack)
        use_remote(project, variables)
        run(["dvc", "repro"], project, variables)
        run(["dvc", "push", "--quiet"], project, variables)
        report(project)
    finally:
        # What was started is ended even if one is impatient.
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)
        stack.close()


def cloned(project: Path) -> Path:
    """Clone the last commit of this project into a new folder."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    made = subprocess.run(
        ["git", "clone", "--quiet", ".", str(project)], capture_output=True, text=True, check=False
    )
    if made.returncode:
        why = one_line(made.stderr.strip().rpartition("\n")[2])
        raise InputError(
            f"this folder cannot be cloned ({why}), want a git repository. Run git init and commit,"
            " then make cluster again."
        )
    return project.absolute()


def start(folder: Path, project: Path, stack: ExitStack) -> Mapping[str, str]:
    """Start all servers, and return what the pipeline's environment needs to use them."""
    logger.info("starting PostgreSQL, S3, MLflow, Dask's scheduler and %d workers", len(WORKERS))
    database = stack.enter_context(postgres([STUDIES, RUNS], folder / "postgres.log"))
    store = stack.enter_context(s3([ARTIFACTS, CACHE], folder / "s3.log"))
    web, port = free_port(), free_port()
    own = {
        "MLFLOW_BACKEND_STORE_URI": database.url(RUNS),
        "MLFLOW_ARTIFACTS_DESTINATION": f"s3://{ARTIFACTS}/",
        "MLFLOW_SERVE_ARTIFACTS": "true",
    }
    stack.enter_context(mlflow_server(folder, web, {**store.variables, **own}))
    stack.enter_context(scheduler(folder, port, code=project))
    for name in WORKERS:
        stack.enter_context(worker(folder, name, code=project))
    address = f"http://{HOST}:{web}"
    logger.info("all run, on loopback; until the end, MLflow's pages are at %s", address)
    return {
        **store.variables,
        ADDRESS: f"tcp://{HOST}:{port}",
        "OPTUNA_STORAGE": database.url(STUDIES),
        "MLFLOW_TRACKING_URI": address,
        "DVC_SITE_CACHE_DIR": str(project / STATE / "dvc"),
    }


def use_remote(project: Path, variables: Mapping[str, str]) -> None:
    """Let the clone push to the S3 server, as the last commit need not say."""
    remote = ["dvc", "remote", "add", "--quiet", "--local", "--default", "cluster"]
    run([*remote, f"s3://{CACHE}/"], project, variables)
    endpoint = variables["AWS_ENDPOINT_URL"]
    change = ["dvc", "remote", "modify", "--quiet", "--local", "cluster", "endpointurl", endpoint]
    run(change, project, variables)


def run(command: Sequence[str], project: Path, variables: Mapping[str, str]) -> None:
    """Run a command of the clone to its end; `InputError` if it fails.

    A signal for this process ends it too, and waits until it has.
    """
    process = subprocess.Popen(
        list(command), cwd=project, env={**os.environ, **variables}, start_new_session=True
    )
    try:
        code = process.wait()
    except BaseException:
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)
        for number in (signal.SIGINT, signal.SIGKILL):
            _tell(process, number)
        raise
    if code:
        raise InputError(
            f"{' '.join(command)} failed with exit code {code} on the cluster; why stands above."
            f" What its servers printed is in {FOLDER}/*.log."
        )


def _tell(process: subprocess.Popen[bytes], number: int) -> None:
    """Send a signal to a command and all it started, and wait a while for its end."""
    try:
        os.killpg(process.pid, number)
        process.wait(END_S)
    except (ProcessLookupError, subprocess.TimeoutExpired):
        return


def report(project: Path) -> None:
    """Say where the results are, and whether they are the project's own to the byte."""
    there = (project / TRIALS).read_bytes()
    if TRIALS.is_file():
        same = "the same bytes as" if TRIALS.read_bytes() == there else "other bytes than"
        logger.info("%s: %s in this project", TRIALS, same)
    logger.info(
        "results: %s/project/reports; DVC's cache and MLflow's artifacts were in S3", FOLDER
    )


if __name__ == "__main__":
    run_stage(main)
