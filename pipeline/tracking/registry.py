"""The comparison run, and the models it registers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag

from pipeline.evidence.comparison import Candidate, Comparison, Kind
from pipeline.evidence.key_figures import key_figures
from pipeline.evidence.report import note
from pipeline.tracking.client import connect, experiment_id, mlflow_answers, run_tags
from pipeline.tracking.datasets import RoleRows, dataset_input
from pipeline.tracking.models import ModelFiles, log_model
from pipeline.tracking.provenance import how_to_reproduce

ALIASES: Mapping[Kind, str] = {"best": "challenger", "baseline": "baseline"}


@dataclass(frozen=True)
class Registered:
    """A model version."""

    name: str
    version: str
    alias: str


@mlflow_answers()
def log_comparison(
    comparison: Comparison,
    models: Mapping[Kind, ModelFiles],
    raw: pd.DataFrame,
    inputs: Sequence[RoleRows],
    report: Sequence[Path],
    model_name: str,
) -> list[Registered]:
    """Log the comparison with a child run per kind, and register both models.

    The aliases move last, when all they point to is complete; `InputError` if MLflow fails.
    raw: a few raw rows for the models' input example. report: files and folders to attach.
    """
    client = connect()
    experiment = experiment_id(client, comparison.data.name)
    tags = run_tags("comparison", comparison.study, verdict=comparison.verdict)
    tags["mlflow.note.content"] = note(comparison, how_to_reproduce())
    parent = client.create_run(experiment, tags=tags, run_name="comparison")
    run_id, time = parent.info.run_id, parent.info.start_time
    metrics = [
        Metric(f"{name}_{part}", value, time, 0)
        for name, paired in comparison.metrics.items()
        for part, value in (
            ("tuned", paired.tuned.estimate),
            ("baseline", paired.baseline.estimate),
            ("difference", paired.difference.estimate),
            ("difference_low", paired.difference.low),
            ("difference_high", paired.difference.high),
        )
    ]
    metrics += [Metric(name, value, time, 0) for name, value in key_figures(comparison).items()]
    client.log_batch(run_id, metrics=metrics, params=[Param("seeds", str(len(comparison.seeds)))])
    client.log_inputs(run_id, [dataset_input(rows) for rows in inputs])
    for path in report:
        log = client.log_artifacts if path.is_dir() else client.log_artifact
        log(run_id, str(path), path.name if path.is_dir() else None)

    versions = []
    for kind, files in models.items():
        candidate: Candidate = getattr(comparison, kind)
        child = client.create_run(
            experiment,
            tags={
                **run_tags(kind, comparison.study),
                "mlflow.parentRunId": run_id,
                "mlflow.note.content": note(comparison, how_to_reproduce()),
            },
            run_name=kind,
        )
        _write_candidate(client, child.info.run_id, candidate, child.info.start_time)
        uri = log_model(child.info.run_id, files, raw, kind)
        versions.append((kind, _register(client, model_name, uri, child.info.run_id, comparison)))
        client.set_terminated(child.info.run_id)
    for kind, version in versions:
        client.set_registered_model_alias(model_name, ALIASES[kind], version)
    client.set_terminated(run_id)
    return [Registered(model_name, version, ALIASES[kind]) for kind, version in versions]


def _write_candidate(client: MlflowClient, run_id: str, candidate: Candidate, time: int) -> None:
    tuned = candidate.regularization.model_dump()
    params = {**tuned, "registered_seed": candidate.registered_seed}
    metrics = [Metric(f"test_{name}", value, time, 0) for name, value in candidate.test.items()]
    metrics += [
        Metric(name, float(value), time, number)
        for name, values in (
            ("seed_val_log_loss", candidate.val_log_loss),
            ("seed_epochs", candidate.epochs),
        )
        for number, value in enumerate(values)
    ]
    client.log_batch(
        run_id,
        metrics=metrics,
        params=[Param(k, "none" if v is None else str(v)) for k, v in params.items()],
        tags=[RunTag("registered_seed", str(candidate.registered_seed))],
    )


def _register(
    client: MlflowClient, name: str, uri: str, run_id: str, comparison: Comparison
) -> str:
    if not client.search_registered_models(f"name = '{name}'", max_results=1):
        client.create_registered_model(
            name, description="Networks that `dvc repro` tuned, compared and registered."
        )
    version = client.create_model_version(
        name,
        uri,
        run_id,
        tags={"study": comparison.study, "verdict": comparison.verdict},
        description=note(comparison, how_to_reproduce()),
        model_id=uri.removeprefix("models:/"),
    )
    return str(version.version)
