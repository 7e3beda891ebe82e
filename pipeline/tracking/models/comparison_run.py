"""The comparison run, and the models it registers."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run, RunTag

from pipeline.comparison.key_figures import key_figures, tables
from pipeline.comparison.result import Candidate, Comparison, Kind
from pipeline.report.render import note
from pipeline.tracking.models.logged import (
    ModelFiles,
    log_model,
    model_requirements,
)
from pipeline.tracking.store.client import connect, experiment_id, mlflow_answers, run_tags
from pipeline.tracking.store.datasets import RoleRows, dataset_input
from pipeline.tracking.store.network_digest import NETWORK_TAG, network_digest
from pipeline.tracking.store.provenance import code_digest, how_to_reproduce, made_again
from pipeline.tracking.store.single import drop_twins, end_abandoned, end_run, one_run, run_name
from pipeline.tracking.store.tryout import HOW_TO_REGISTER, tryout
from pipeline.tracking.store.versions import COLUMNS_TAG, SERVED_BY, SERVED_TAG, register

logger = logging.getLogger(__name__)

DIGITS = 12


@mlflow_answers()
def log_comparison(
    comparison: Comparison,
    models: Mapping[Kind, ModelFiles],
    raw: pd.DataFrame,
    inputs: Sequence[RoleRows],
    report: Sequence[Path],
    model_name: str,
    started: datetime,
) -> None:
    """Log the comparison with a child run per kind of network, and register both models.

    This may be repeated: it goes on with what an interrupted writing left. The aliases move last,
    when all they point to is complete; `InputError` if MLflow fails. A run that only tries
    something out registers nothing.
    raw: a few raw rows for the models' input example. report: files and folders to attach.
    started: when the comparison began.
    """
    client = connect()
    experiment = experiment_id(client, comparison.data.name, comparison.task)
    digest = _fingerprint(comparison)
    identity = {"comparison": digest}
    about = {"mlflow.note.content": note(comparison, how_to_reproduce())}
    parent = one_run(
        client,
        experiment,
        {**identity, "kind": "comparison"},
        run_tags("comparison", comparison.study, verdict=comparison.verdict) | about,
        run_name("comparison", digest, f"{comparison.trials} trials"),
        started,
    )
    end_abandoned(client, parent, identity)
    run_id = parent.info.run_id
    _write_comparison(client, parent, comparison)
    if not (parent.inputs and parent.inputs.dataset_inputs):
        client.log_inputs(run_id, [dataset_input(rows) for rows in inputs])
    for path in report:
        log = client.log_artifacts if path.is_dir() else client.log_artifact
        log(run_id, str(path), path.name if path.is_dir() else None)

    children: dict[str, Run] = {}
    for kind, files in models.items():
        child = one_run(
            client,
            experiment,
            {**identity, "kind": kind},
            run_tags(kind, comparison.study, verdict=comparison.verdict)
            | about
            | {"mlflow.parentRunId": run_id, NETWORK_TAG: network_digest(files.network)}
            | {COLUMNS_TAG: _columns_digest(files), SERVED_TAG: SERVED_BY},
            run_name(kind, digest),
            started,
        )
        model = log_model(client, child, files, raw, kind)
        candidate, loss = getattr(comparison, kind), comparison.task.loss.name
        _write_candidate(client, child, candidate, model, loss)
        for key, value in made_again(child.data.tags).items():
            client.set_tag(child.info.run_id, key, value)
        end_run(client, child)
        children[kind] = client.get_run(child.info.run_id)
    why_not = tryout()
    if why_not:
        logger.info("not registered, as %s. %s.", why_not, HOW_TO_REGISTER)
    else:
        register(client, model_name, children)
    end_run(client, parent)
    kept = [run_id, *(child.info.run_id for child in children.values())]
    drop_twins(client, experiment, identity, keep=kept)


def _columns_digest(files: ModelFiles) -> str:
    """Return a digest of the columns that a model takes and the classes that it tells apart."""
    schema = json.loads(files.schema.read_text(encoding="utf-8"))
    text = json.dumps([schema["columns"], schema["classes"]], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def _fingerprint(comparison: Comparison) -> str:
    """Return a digest of what a comparison found and by which code, the same in each repetition."""
    parts = [comparison.model_dump_json(), code_digest(), *model_requirements()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:DIGITS]


def _write_comparison(client: MlflowClient, run: Run, comparison: Comparison) -> None:
    # The same time in every writing: MLflow then stores a repeated value once.
    metrics = [
        Metric(name, value, run.info.start_time, 0)
        for name, value in key_figures(comparison).items()
    ]
    seeds = Param("seeds", str(len(comparison.seeds)))
    client.log_batch(run.info.run_id, metrics=metrics, params=[seeds])
    for name, table in tables(comparison).items():
        client.log_text(run.info.run_id, table.to_csv(index=False), f"tables/{name}.csv")


def _write_candidate(
    client: MlflowClient, run: Run, candidate: Candidate, model: str, loss: str
) -> None:
    time = run.info.start_time
    tuned = candidate.regularization.values()
    params = {**tuned, "registered_seed": candidate.registered_seed}
    # With the model's id, so that its own page shows them too.
    metrics = [
        Metric(f"test_{name}", value, time, 0, model_id=model)
        for name, value in candidate.test.items()
    ]
    metrics += [
        Metric(name, float(value), time, number)
        for name, values in (
            (f"seed_val_{loss}", candidate.val_loss),
            ("seed_epochs", candidate.epochs),
        )
        for number, value in enumerate(values)
    ]
    client.log_batch(
        run.info.run_id,
        metrics=metrics,
        params=[Param(k, "none" if v is None else str(v)) for k, v in params.items()],
        tags=[RunTag("registered_seed", str(candidate.registered_seed))],
    )
