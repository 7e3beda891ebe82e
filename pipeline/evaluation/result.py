"""Hold what `evaluate` found in one object, from which JSON, report and tracking are made."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from pipeline.config.sections.regularization import Regularization
from pipeline.project.outputs import EVALUATION, read_json
from pipeline.project.records import read_back
from pipeline.statistics.nested import ProcedureDifference
from pipeline.statistics.verdicts import ProcedureVerdict, RowEffects
from pipeline.tasks.classification import CLASSIFICATION
from pipeline.tasks.known import TASKS
from pipeline.tasks.task import Task, TaskName

SCHEMA_VERSION = 1


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class ArmDifference(_Record):
    """An arm beside the baseline, by each loss.

    recalibrated: None if one of the two has no temperature. rows_to_tell: about how many rows would
    settle the verdict; None if no number would. rows: which rows the difference comes from.
    """

    loss: ProcedureDifference
    second_loss: ProcedureDifference
    recalibrated: ProcedureDifference | None
    verdict: ProcedureVerdict
    rows_to_tell: int | None
    rows: RowEffects


class Arm(_Record):
    """One way to train, over all rows and repetitions.

    loss, second_loss: those of the task. recalibrated: log loss after temperature scaling on
    predictions within the outer training part; None if the inner search has none of this arm.
    temperature: mean over the outer folds. epochs: mean over the networks. difference: from the
    baseline; None for the baseline itself.
    """

    name: str
    title: str
    loss: float
    second_loss: float
    recalibrated: float | None
    temperature: float | None
    epochs: float
    difference: ArmDifference | None


class PartOfMix(_Record):
    """A part of the tuned mix. difference: the loss of the mix minus that of the mix without it."""

    name: str
    title: str
    difference: ProcedureDifference
    verdict: ProcedureVerdict


class EnsembleGain(_Record):
    """The mean prediction of several tuned networks beside these networks, each alone.

    networks: whose predictions are averaged. difference: the loss of their mean prediction minus
    the mean of their losses, on the same rows; its interval has the confidence alone.
    """

    networks: int
    difference: ProcedureDifference
    verdict: ProcedureVerdict


class Peer(_Record):
    """Another model on the same folds. difference: the loss of the tuned network minus its."""

    name: str
    title: str
    loss: float
    second_loss: float
    difference: ProcedureDifference
    verdict: ProcedureVerdict


class OuterFoldRecord(_Record):
    """Says what was chosen in one outer fold, and the loss of its held-out rows.

    alone: strength of each technique alone. searched: the loss, by the inner cross-validation, of
    the baseline and of the best trial; None if a fit of the baseline failed.
    """

    repeat: int
    fold: int
    rows: int
    baseline: float
    tuned: float
    regularization: Regularization
    alone: dict[str, float]
    searched_baseline: float | None
    searched_best: float


class Evaluation(_Record):
    """Nested cross-validation over train and val rows: does the tuned procedure help?

    It estimates the expected change in the loss on a new row of this population when the tuned
    procedure replaces the baseline, over training sets of about `training_rows` rows.
    rows: used, of `available`; fewer if `evaluate.rows` bounds them. networks: of each arm, that
    score a row. arms: the baseline first, then the tuned mix; the interval of the tuned mix has the
    confidence alone, those of the other arms have it together, and so do those of the parts and of
    the peers. repeats: the estimate of each repetition. member_epochs, member_steps: what the
    training took. task_name: None for classification. ensemble: None if one network of each arm
    scores a row in each repetition.
    """

    schema_version: int = SCHEMA_VERSION
    verdict: ProcedureVerdict
    dataset: str
    confidence: float
    rope: float
    resamples: int
    rows: int
    available: int
    training_rows: int
    outer_folds: int
    inner_folds: int
    trials: int
    networks: int
    repeats: tuple[float, ...]
    arms: tuple[Arm, ...]
    parts: tuple[PartOfMix, ...]
    peers: tuple[Peer, ...]
    folds: tuple[OuterFoldRecord, ...]
    member_epochs: int
    member_steps: int
    task_name: TaskName | None = None
    ensemble: EnsembleGain | None = None
    left_out: ClassVar[tuple[str, ...]] = ("task_name", "ensemble")

    @property
    def task(self) -> Task:
        """Return what was predicted, and how it was judged."""
        return TASKS[self.task_name or CLASSIFICATION.name]

    @property
    def baseline(self) -> Arm:
        """The arm that all others are compared with."""
        return self.arms[0]

    @property
    def tuned(self) -> Arm:
        """The arm that the verdict is about."""
        return self.arms[1]

    @property
    def difference(self) -> ArmDifference:
        """The tuned mix beside the baseline."""
        assert self.tuned.difference is not None
        return self.tuned.difference


def read_evaluation(path: Path = EVALUATION) -> Evaluation | None:
    """Read what the stage wrote; None if `evaluate.folds` is 0."""
    values = read_json(path)
    if values is None:
        return None
    task = TASKS[values.get("task_name") or CLASSIFICATION.name]
    return Evaluation.model_validate(read_back(values, task))
