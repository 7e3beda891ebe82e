"""The study: an Optuna study that resumes exactly, and whose trials are pure functions."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import optuna
import pandas as pd
from optuna.exceptions import ExperimentalWarning
from optuna.trial import FrozenTrial, TrialState

from pipeline.config.errors import InputError
from pipeline.config.sections.regularization import Regularization
from pipeline.config.sections.search import SearchParams
from pipeline.regularizers import Technique
from pipeline.search.proposals import Proposals
from pipeline.search.score import Score
from pipeline.search.space import check_techniques
from pipeline.tasks.classification import CLASSIFICATION
from pipeline.tasks.task import Task

BASELINE_TRIAL = 0
# Attributes that hold what is read back. Optuna's dashboard does not show those of the system.
REGULARIZATION = "pipeline:regularization"
SCORE = "pipeline:score"


@dataclass(frozen=True)
class Trial:
    """A proposed trial, and its score once there is one.

    started, ended: when it was trained, which its result does not depend on.
    """

    number: int
    regularization: Regularization
    score: Score | None
    started: datetime | None = field(default=None, compare=False)
    ended: datetime | None = field(default=None, compare=False)

    @property
    def complete(self) -> bool:
        """Say whether the trial has a score."""
        return self.score is not None and self.score.failure is None


class Study:
    """The trials of one search, kept in an Optuna storage.

    The values of a trial are a function of the seed, its number, the scores of earlier waves and
    the values of earlier trials of its own wave, and of nothing else. So proposals are made in
    memory, and a trial enters the storage whole, when it is scored: however often a study is
    interrupted or extended, it has the same trials as an undisturbed one.
    """

    def __init__(
        self,
        storage: optuna.storages.BaseStorage,
        name: str,
        search: SearchParams,
        baseline: Regularization,
        seed: int,
        about: Mapping[str, object] | None = None,
        task: Task = CLASSIFICATION,
    ) -> None:
        """about: what people should know of the study, by name; Optuna's dashboard shows it."""
        check_techniques(search.space, task)
        self.task = task
        self._stored = optuna.create_study(
            storage=storage, study_name=name, direction="minimize", load_if_exists=True
        )
        _describe(self._stored, metric_name(task), about or {})
        self._search = search
        self._baseline = baseline
        self._seed = seed

    @property
    def name(self) -> str:
        """The data set's name and the fingerprint of all that changes a score."""
        return self._stored.study_name

    def as_optuna(self) -> optuna.Study:
        """Copy the first `search.trials` trials to a study in memory, for Optuna's plots."""
        copy = optuna.create_study(direction="minimize")
        copy.add_trials(self._stored_trials()[: self._search.trials])
        return copy

    def remaining_waves(self) -> Iterator[list[Trial]]:
        """Yield the waves still to be trained; `tell` the scores of each before the next."""
        self._proposals = Proposals(self._search.space, [self._baseline], [self._seed])
        self._proposed: dict[int, dict[str, Any]] = {}
        batch, total = self._search.batch, self._search.trials
        for start in range(0, total, batch):
            numbers = range(start, min(start + batch, total))
            self._proposed = {number: self._proposals.ask(number) for number in numbers}
            unscored = numbers[len(self._checked(numbers)) :]
            if unscored:
                self._begun = datetime.now()
                yield [Trial(number, self._regularization(number), None) for number in unscored]
            for trial in self._checked(numbers):
                self._proposals.tell(trial.number, trial.value)

    def tell(self, wave: Sequence[Trial], scores: Sequence[Score]) -> None:
        """Record the scores of a wave. A trial whose score has a failure is recorded as failed."""
        loss = self.task.loss.name
        for trial, score in zip(wave, scores, strict=True):
            record = optuna.trial.create_trial(
                state=TrialState.COMPLETE if score.failure is None else TrialState.FAIL,
                value=score.mean(loss) if score.failure is None else None,
                params=self._proposed[trial.number],
                distributions=self._proposals.distributions,
                user_attrs=_fields(trial, score, self.task),
                system_attrs={
                    SCORE: score.model_dump_json(),
                    REGULARIZATION: trial.regularization.model_dump(),
                },
                intermediate_values={k: fold[loss] for k, fold in enumerate(score.folds)},
            )
            record.datetime_start = self._begun
            self._stored.add_trial(record)

    def trials(self) -> list[Trial]:
        """Return the finished ones of the first `search.trials` trials, in number order."""
        first = self._stored_trials()[: self._search.trials]
        return [_read_trial(trial) for trial in first if trial.state.is_finished()]

    def best(self) -> Trial:
        """Return the trial with the lowest score, the earliest of equals.

        Raise `InputError` if no trial has a score.
        """
        scored = [trial for trial in self.trials() if trial.complete]
        if not scored:
            failure = next((t.score.failure for t in self.trials() if t.score), "no trial ended")
            raise InputError(
                f"tune: all trials of study {self.name} failed ({failure}), want at least one"
                " score. Lower train.learning_rate, or look for extreme values in the data."
            )
        return min(scored, key=self.loss)

    def loss(self, trial: Trial) -> float:
        """Return the cross-validated loss of a trial; not a number for a failed one."""
        score = trial.score if trial.complete else None
        return score.mean(self.task.loss.name) if score else float("nan")

    def table(self) -> pd.DataFrame:
        """Return a row per trial in number order, without times or ids: equal runs, equal bytes."""
        listed = [*self._search.space.techniques, *self._baseline.active]
        return pd.DataFrame([_row(trial, self.task, listed) for trial in self.trials()])

    def scores(self) -> pd.DataFrame:
        """Return each trial's number and cross-validated loss, under one name for every task."""
        loss = f"cv_{self.task.loss.name}"
        return self.table()[["number", loss]].rename(columns={loss: "cv_loss"})

    def _stored_trials(self) -> list[FrozenTrial]:
        return self._stored.get_trials(deepcopy=False)

    def _checked(self, numbers: range) -> list[FrozenTrial]:
        """Return the stored trials of a wave; `InputError` if one is not what was proposed."""
        stored = self._stored_trials()[numbers.start : numbers.stop]
        for trial in stored:
            if trial.params != self._proposed[trial.number]:
                raise InputError(
                    f"study {self.name}: trial {trial.number} is not the one this seed proposes,"
                    " want a study that only this pipeline writes to. Delete that study, or"
                    " keep others from writing to it, then run dvc repro again."
                )
        return stored

    def _regularization(self, number: int) -> Regularization:
        """Return the values that a trial trains with: as proposed, but for the baseline its own."""
        if number == BASELINE_TRIAL:
            return self._baseline
        return Regularization.model_validate(self._proposed[number])


def metric_name(task: Task) -> str:
    """Return what a trial is ranked by, as plots and Optuna's dashboard name it."""
    return f"cv {task.loss.words}"


def _describe(study: optuna.Study, metric: str, about: Mapping[str, object]) -> None:
    """Name the metric and describe the study, where that is not so already."""
    if study.metric_names is None:
        with warnings.catch_warnings():
            # It has been experimental for years.
            warnings.simplefilter("ignore", ExperimentalWarning)
            study.set_metric_names([metric])
    for name, value in about.items():
        if study.user_attrs.get(name) != value:
            study.set_user_attr(name, value)


def _fields(trial: Trial, score: Score, task: Task) -> dict[str, object]:
    """Return what Optuna's dashboard shows of a trial beside its values."""
    fields: dict[str, object] = {}
    if trial.number == BASELINE_TRIAL:
        # Its values as Optuna has them are the nearest that the search space allows.
        fields["role"] = "baseline"
        for name, value in trial.regularization.model_dump().items():
            fields[f"baseline {name}"] = "none" if value is None else value
    if score.failure is not None:
        return {**fields, "failure": score.failure}
    # Each attribute is three statements to the database; MLflow has the deviations of the others.
    spread = f"cv_{task.loss.name}_std"
    figures = _figures(score, task).items()
    return fields | {name: v for name, v in figures if name == spread or not name.endswith("_std")}


def _read_trial(trial: FrozenTrial) -> Trial:
    """Convert a finished trial from Optuna's form."""
    attributes = trial.system_attrs
    score = Score.model_validate_json(attributes[SCORE])
    regularization = Regularization.model_validate(attributes[REGULARIZATION])
    times = trial.datetime_start, trial.datetime_complete
    return Trial(trial.number, regularization, score, *times)


def _row(trial: Trial, task: Task, listed: Sequence[Technique]) -> dict[str, object]:
    """Return a trial's row of the table."""
    score = trial.score if trial.complete else None
    figures: Mapping[str, object] = _figures(score, task) if score else {}
    cv = [f"cv_{metric}{end}" for metric in task.names for end in ("", "_std")]
    first = [f"cv_{task.loss.name}", f"cv_{task.loss.name}_std"]
    return {
        "number": trial.number,
        "state": "complete" if score else "failed",
        **{name: figures.get(name) for name in first},
        **trial.regularization.values(listed),
        "epochs_mean": figures.get("epochs_mean"),
        **{name: figures.get(name) for name in cv if name not in first},
    }


def _figures(score: Score, task: Task) -> dict[str, float]:
    """Return the figures of a score, as the table of trials and Optuna's dashboard name them."""
    figures = {"epochs_mean": float(np.mean(score.epochs))}
    for metric in task.names:
        figures |= {f"cv_{metric}": score.mean(metric), f"cv_{metric}_std": score.std(metric)}
    return figures
