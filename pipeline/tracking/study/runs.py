"""A study's runs: MLflow mirrors Optuna, and Optuna is the truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run, RunStatus, RunTag

from pipeline.search.score import Score
from pipeline.search.study import BASELINE_TRIAL, Trial
from pipeline.tasks.classification import CLASSIFICATION
from pipeline.tasks.task import Task
from pipeline.tracking.store.client import experiment_id, run_tags
from pipeline.tracking.store.datasets import RoleRows, dataset_input
from pipeline.tracking.store.single import (
    drop_twins,
    end_abandoned,
    milliseconds,
    one_run,
    run_name,
)

PAGE = 1000
# Metrics that MLflow takes in one call.
BATCH = 1000
CURVE_POINTS = 25
WHOLE = list(map(RunStatus.to_string, (RunStatus.FINISHED, RunStatus.FAILED)))


@dataclass(frozen=True)
class StudyLabel:
    """Names a study's runs, and its task; the experiment is the data set."""

    dataset: str
    study: str
    task: Task = CLASSIFICATION


class StudyRuns:
    """The runs of a study, which this process alone writes.

    It remembers what it has read from or written to MLflow, so each trial is written once.
    """

    def __init__(self, client: MlflowClient, label: StudyLabel) -> None:
        self._client = client
        self._label = label
        self._parent: Run | None = None
        self._begun: dict[int, str] = {}
        self._written: set[int] = set()
        self._drawn: set[int] = set()

    def sync(self, trials: Sequence[Trial]) -> str:
        """Make the runs equal to the finished trials, and return the parent run's id.

        This may be repeated: it creates what is missing and finishes what is half written.
        """
        if self._parent is None:
            parent = _study_run(self._client, self._label, trials)
            end_abandoned(self._client, parent, {"study": self._label.study})
            for number, run in _trial_runs(self._client, parent).items():
                self._begun[number] = run.info.run_id
                if _ended(run):
                    self._written.add(number)
            self._parent = parent
        for trial in trials:
            if trial.number not in self._written:
                self._write(trial, self._parent)
                self._written.add(trial.number)
        self._draw_best(trials, self._parent)
        return str(self._parent.info.run_id)

    def _write(self, trial: Trial, parent: Run) -> None:
        """Write a trial's run, from the start or from where it was left, and end the run."""
        if trial.number not in self._begun:
            tags = run_tags("trial", self._label.study, trial=str(trial.number))
            tags["mlflow.parentRunId"] = parent.info.run_id
            if trial.number == BASELINE_TRIAL:
                tags["role"] = "baseline"
            run = self._client.create_run(
                parent.info.experiment_id,
                start_time=milliseconds(trial.started) if trial.started else None,
                tags=tags,
                run_name=f"trial-{trial.number:03d}",
            )
            self._begun[trial.number] = run.info.run_id
        _write_trial(self._client, self._begun[trial.number], parent, trial, self._label.task)

    def _draw_best(self, trials: Sequence[Trial], parent: Run) -> None:
        """Write the best score so far as a curve over the trials, as far as it is not there yet."""
        points, loss = [], self._label.task.loss.name
        best = float("inf")
        for trial in trials:
            if trial.score and trial.complete:
                best = min(best, trial.score.mean(loss))
                if trial.number not in self._drawn:
                    # The same time in every writing: MLflow then stores a repeated value once.
                    time = parent.info.start_time
                    points.append(Metric(f"best_so_far_cv_{loss}", best, time, trial.number))
        for start in range(0, len(points), BATCH):
            self._client.log_batch(parent.info.run_id, metrics=points[start : start + BATCH])
        self._drawn |= {point.step for point in points}


def sync(client: MlflowClient, label: StudyLabel, trials: Sequence[Trial]) -> str:
    """Make the runs of a study equal to its trials, and return the parent run's id."""
    return StudyRuns(client, label).sync(trials)


@dataclass(frozen=True, eq=False)
class StudyPage:
    """Holds what the page of a study's own run shows beside its trials.

    ended: when the last trial was trained; now if that is not known.
    """

    params: Mapping[str, Any]
    metrics: Mapping[str, float]
    note: str
    artifacts: Sequence[Path]
    inputs: Sequence[RoleRows]
    ended: datetime | None = None


def complete_study(client: MlflowClient, run_id: str, page: StudyPage) -> None:
    """Complete the parent run; this may be repeated."""
    run = client.get_run(run_id)
    client.log_batch(
        run_id,
        metrics=list(_newest_metrics(client, run, page.metrics)),
        params=[Param(name, str(value)) for name, value in page.params.items()],
        tags=[RunTag("mlflow.note.content", page.note)],
    )
    if not run.inputs.dataset_inputs:
        client.log_inputs(run_id, [dataset_input(rows) for rows in page.inputs])
    for path in page.artifacts:
        log = client.log_artifacts if path.is_dir() else client.log_artifact
        log(run_id, str(path), path.name if path.is_dir() else None)
    name = run_name("study", digest_of(run.data.tags["study"]), f"{page.metrics['trials']} trials")
    client.update_run(run_id, name=name)
    client.set_terminated(run_id, end_time=milliseconds(page.ended) if page.ended else None)
    # Once all is written, for a request that timed out may have been carried out since.
    _trial_runs(client, run)
    identity = _identity(run.data.tags["study"])
    drop_twins(client, run.info.experiment_id, identity, keep=[run_id])


def _newest_metrics(
    client: MlflowClient, run: Run, values: Mapping[str, float]
) -> Iterator[Metric]:
    """Yield the metrics whose value is not what MLflow shows, so that it shows it from now on.

    It shows the value of the highest step, and of equal steps the latest. There is one step, for
    which MLflow draws a bar; earlier versions of this code wrote at others.
    """
    for name, value in values.items():
        step, time = 0, run.info.start_time
        if name in run.data.metrics:
            if run.data.metrics[name] == value:
                continue
            history = client.get_metric_history(run.info.run_id, name)
            step = max(step, *(point.step for point in history))
            time = max(point.timestamp for point in history) + 1
        yield Metric(name, value, time, step)


def _study_run(client: MlflowClient, label: StudyLabel, trials: Sequence[Trial]) -> Run:
    experiment = experiment_id(client, label.dataset, label.task)
    tags = run_tags("study", label.study)
    started = min((trial.started for trial in trials if trial.started), default=None)
    name = run_name("study", digest_of(label.study))
    return one_run(client, experiment, _identity(label.study), tags, name, started)


def digest_of(study: str) -> str:
    """Return the fingerprint that a study's name ends with."""
    return study.rpartition("-")[2]


def _identity(study: str) -> dict[str, str]:
    return {"kind": "study", "study": study}


def _trial_runs(client: MlflowClient, parent: Run) -> dict[int, Run]:
    """Return the study's trial runs by number, and delete twins, first those that did not end."""
    runs: dict[int, Run] = {}
    twins: list[Run] = []
    token: str | None = None
    while True:
        page = client.search_runs(
            [parent.info.experiment_id],
            f"tags.mlflow.parentRunId = '{parent.info.run_id}' and tags.kind = 'trial'",
            max_results=PAGE,
            order_by=["attributes.start_time ASC"],
            page_token=token,
        )
        for run in page:
            number = int(run.data.tags["trial"])
            if number in runs and (_ended(runs[number]) or not _ended(run)):
                twins.append(run)
            elif (twin := runs.pop(number, None)) is not None:
                twins.append(twin)
            runs.setdefault(number, run)
        token = page.token
        if not token:
            break
    for twin in twins:
        client.delete_run(twin.info.run_id)
    return runs


def _ended(run: Run) -> bool:
    """Say whether all of a run is written; an abandoned run is not."""
    return run.info.status in WHOLE


def _write_trial(client: MlflowClient, run_id: str, parent: Run, trial: Trial, task: Task) -> None:
    """Write all of a trial's run, then end it."""
    score = trial.score
    ended = milliseconds(trial.ended) if trial.ended else None
    tuned = trial.regularization.values()
    params = [Param(name, "none" if value is None else str(value)) for name, value in tuned.items()]
    if score is None or score.failure is not None:
        reason = score.failure if score else "no score"
        client.log_batch(run_id, params=params, tags=[RunTag("failure", str(reason))])
        client.set_terminated(run_id, RunStatus.to_string(RunStatus.FAILED), ended)
        return
    loss = task.loss
    note = (
        f"**CV {loss.words} {score.mean(loss.name):.4f}** ± {score.std(loss.name):.4f} over"
        f" {len(score.folds)} folds, after {np.mean(score.epochs):.0f} epochs on average."
        f" Part of the study `{parent.data.tags['study']}`."
    )
    # The same time in every writing: MLflow then stores a repeated value once.
    client.log_batch(
        run_id,
        metrics=_trial_metrics(score, parent.info.start_time, task),
        params=params,
        tags=[RunTag("mlflow.note.content", note)],
    )
    client.set_terminated(run_id, end_time=ended)


def _trial_metrics(score: Score, time: int, task: Task) -> list[Metric]:
    metrics = [Metric("epochs_mean", float(np.mean(score.epochs)), time, 0)]
    for name in task.names:
        metrics.append(Metric(f"cv_{name}", score.mean(name), time, 0))
        metrics.append(Metric(f"cv_{name}_std", score.std(name), time, 0))
        metrics += [
            Metric(f"fold_{name}", fold[name], time, k) for k, fold in enumerate(score.folds)
        ]
    for curve_name, curve in (("train", score.loss), ("val", score.val_loss)):
        metrics += [
            Metric(f"{curve_name}_{task.loss.name}", curve[epoch - 1], time, epoch)
            for epoch in shown_epochs(len(curve))
        ]
    return metrics


def shown_epochs(epochs: int) -> list[int]:
    """Return evenly spaced epochs, as many as a chart shows and always the last one.

    Points are most of what a trial costs MLflow; the study's database has every epoch.
    """
    every = -(-epochs // CURVE_POINTS)
    return list(range(epochs, 0, -every))[::-1] if epochs else []
