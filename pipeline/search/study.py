"""The study: an Optuna study that resumes exactly, and whose trials are pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
import pandas as pd
from optuna.trial import FrozenTrial, TrialState

from pipeline.config.errors import InputError
from pipeline.config.sections.regularization import Regularization
from pipeline.config.sections.search import SearchParams
from pipeline.search.proposals import Proposals
from pipeline.search.score import Score
from pipeline.tasks.classification import CLASSIFICATION

BASELINE_TRIAL = 0
REGULARIZATION = "regularization"
SCORE = "score"


@dataclass(frozen=True)
class Trial:
    """A proposed trial, and its score once there is one."""

    number: int
    regularization: Regularization
    score: Score | None

    @property
    def complete(self) -> bool:
        """Whether the trial has a score."""
        return self.score is not None and self.score.failure is None


class Study:
    """The trials of one search, kept in an Optuna storage.

    The values of a trial are a function of the seed, its number, the scores of earlier waves and
    the values of earlier trials of its own wave, and of nothing else. So proposals are made in
    memory, and a trial enters the storage whole, with all its values: however often a study is
    interrupted or extended, it has the same trials as an undisturbed one.
    """

    def __init__(
        self,
        storage: optuna.storages.BaseStorage,
        name: str,
        search: SearchParams,
        baseline: Regularization,
        seed: int,
    ) -> None:
        self._storage = optuna.storages.get_storage(storage)
        self._stored = optuna.create_study(
            storage=self._storage, study_name=name, direction="minimize", load_if_exists=True
        )
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
        proposals = Proposals(self._search.space, [self._baseline], [self._seed])
        batch, total = self._search.batch, self._search.trials
        for start in range(0, total, batch):
            numbers = range(start, min(start + batch, total))
            stored = self._stored_trials()
            for number in numbers:
                values = proposals.ask(number)
                if number >= len(stored):
                    self._add(number, values, proposals.distributions)
                elif stored[number].params != values:
                    raise InputError(
                        f"study {self.name}: trial {number} is not the one this seed proposes,"
                        " want a study that only this pipeline writes to. Delete that study, or"
                        " keep others from writing to it, then run dvc repro again."
                    )
            wave = self._stored_trials()[start : numbers.stop]
            unscored = [
                Trial(trial.number, _regularization(trial), None)
                for trial in wave
                if not trial.state.is_finished()
            ]
            if unscored:
                yield unscored
            for trial in self._stored_trials()[start : numbers.stop]:
                proposals.tell(trial.number, trial.value)

    def tell(self, wave: Sequence[Trial], scores: Sequence[Score]) -> None:
        """Record the scores of a wave. A trial whose score has a failure is recorded as failed."""
        stored = self._stored_trials()
        for trial, score in zip(wave, scores, strict=True):
            identifier = stored[trial.number]._trial_id
            self._storage.set_trial_user_attr(identifier, SCORE, score.model_dump_json())
            if score.failure is None:
                self._stored.tell(trial.number, score.mean("log_loss"))
            else:
                self._stored.tell(trial.number, state=TrialState.FAIL)

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
        return min(scored, key=lambda trial: trial.score.mean("log_loss") if trial.score else 0)

    def table(self) -> pd.DataFrame:
        """Return a row per trial in number order, without times or ids: equal runs, equal bytes."""
        return pd.DataFrame([_row(trial) for trial in self.trials()])

    def _stored_trials(self) -> list[FrozenTrial]:
        return self._stored.get_trials(deepcopy=False)

    def _add(self, number: int, values: dict[str, Any], space: dict[str, Any]) -> None:
        """Add a trial to the storage with all its values, as one that is running."""
        baseline = {REGULARIZATION: self._baseline.model_dump()}
        self._stored.add_trial(
            optuna.trial.create_trial(
                state=TrialState.RUNNING,
                params=values,
                distributions=space,
                user_attrs=baseline if number == BASELINE_TRIAL else {},
            )
        )


def _regularization(trial: FrozenTrial) -> Regularization:
    """Return the values that a trial trains with: as drawn, but for the baseline its own."""
    drawn = {name: trial.params[name] for name in Regularization.model_fields}
    return Regularization.model_validate(trial.user_attrs.get(REGULARIZATION, drawn))


def _read_trial(trial: FrozenTrial) -> Trial:
    """Convert a finished trial from Optuna's form."""
    score = Score.model_validate_json(trial.user_attrs[SCORE])
    return Trial(trial.number, _regularization(trial), score)


def _row(trial: Trial) -> dict[str, object]:
    """Return a trial's row of the table."""
    score = trial.score if trial.complete else None
    cv: dict[str, object] = {}
    for metric in CLASSIFICATION.names:
        cv[f"cv_{metric}"] = score.mean(metric) if score else None
        cv[f"cv_{metric}_std"] = score.std(metric) if score else None
    return {
        "number": trial.number,
        "state": "complete" if score else "failed",
        "cv_log_loss": cv.pop("cv_log_loss"),
        "cv_log_loss_std": cv.pop("cv_log_loss_std"),
        **trial.regularization.model_dump(),
        "epochs_mean": float(np.mean(score.epochs)) if score else None,
        **cv,
    }
