"""The evaluation's run: what nested cross-validation says, with the outer folds as steps."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run, RunTag

from pipeline.evaluation.headline import sentence
from pipeline.evaluation.result import Evaluation
from pipeline.evaluation.tables import arms_table
from pipeline.tracking.store.client import connect, experiment_id, mlflow_answers, run_tags
from pipeline.tracking.store.datasets import RoleRows, dataset_input
from pipeline.tracking.store.provenance import code_digest, how_to_reproduce
from pipeline.tracking.store.single import drop_twins, end_abandoned, end_run, one_run, run_name

DIGITS = 12


@mlflow_answers()
def log_evaluation(
    evaluation: Evaluation,
    study: str,
    inputs: Sequence[RoleRows],
    artifacts: Sequence[Path],
    started: datetime,
) -> str:
    """Log the evaluation as one run, and return the run's id.

    It may be called any number of times: what an interrupted call left is gone on with. Raise
    `InputError` if MLflow fails. study: the search that has the same data and parameters. started:
    when the evaluation began.
    """
    client = connect()
    experiment = experiment_id(client, evaluation.dataset, evaluation.task)
    digest = _fingerprint(evaluation)
    identity = {"evaluation": digest}
    repeats = len(evaluation.repeats)
    about = f"{repeats} times {evaluation.outer_folds} folds"
    run = one_run(
        client,
        experiment,
        {**identity, "kind": "evaluation"},
        run_tags("evaluation", study, verdict=evaluation.verdict),
        run_name("evaluation", digest, about),
        started,
    )
    end_abandoned(client, run, identity)
    run_id = str(run.info.run_id)
    _write(client, run, evaluation)
    if not (run.inputs and run.inputs.dataset_inputs):
        client.log_inputs(run_id, [dataset_input(rows) for rows in inputs])
    for path in artifacts:
        client.log_artifact(run_id, str(path))
    client.log_text(run_id, arms_table(evaluation).to_csv(index=False), "arms.csv")
    end_run(client, run)
    drop_twins(client, experiment, identity, keep=[run_id])
    return run_id


def _fingerprint(evaluation: Evaluation) -> str:
    """Return a digest of what an evaluation found, and by which code: equal ones are one run."""
    parts = [evaluation.model_dump_json(), code_digest()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:DIGITS]


def _write(client: MlflowClient, run: Run, evaluation: Evaluation) -> None:
    # The same time in every writing: MLflow then stores a repeated value once.
    time = run.info.start_time
    metrics = [Metric(name, value, time, step) for name, value, step in _values(evaluation)]
    settings = ("rows", "outer_folds", "inner_folds", "trials", "networks", "rope", "confidence")
    client.log_batch(
        run.info.run_id,
        metrics=metrics,
        params=[Param(name, str(getattr(evaluation, name))) for name in settings],
        tags=[RunTag("mlflow.note.content", f"{sentence(evaluation)}\n\n{how_to_reproduce()}")],
    )


def _values(evaluation: Evaluation) -> Iterator[tuple[str, float, int]]:
    """Yield name, value and step of each metric."""
    name = evaluation.task.loss.name
    for step, fold in enumerate(evaluation.folds):
        yield f"fold_baseline_{name}", fold.baseline, step
        yield f"fold_tuned_{name}", fold.tuned, step
    for step, estimate in enumerate(evaluation.repeats):
        yield f"repeat_{name}_difference", estimate, step
    yield f"baseline_{name}", evaluation.baseline.loss, 0
    yield f"tuned_{name}", evaluation.tuned.loss, 0
    difference = evaluation.difference.loss
    yield f"{name}_difference", difference.estimate, 0
    yield f"{name}_difference_low", difference.low, 0
    yield f"{name}_difference_high", difference.high, 0
    yield "helps_probability", difference.helps_probability, 0
    if evaluation.ensemble:
        gain = evaluation.ensemble.difference
        yield f"ensemble_{name}_difference", gain.estimate, 0
        yield f"ensemble_{name}_difference_low", gain.low, 0
        yield f"ensemble_{name}_difference_high", gain.high, 0
