"""The result of `compare`, as one object that JSON, report and tracking are made from."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from pipeline.comparison.ablation import Ablation
from pipeline.comparison.assessment import Quality
from pipeline.comparison.decomposition import Decomposition
from pipeline.comparison.kinds import Kind
from pipeline.comparison.published import RepeatedRun
from pipeline.comparison.validation_curves import ValidationCurve
from pipeline.comparison.weights import WeightSizes
from pipeline.config.sections.regularization import Regularization
from pipeline.evaluation.result import Evaluation
from pipeline.statistics.intervals import Interval, Verdict
from pipeline.statistics.paired import McNemar, PairedMetric
from pipeline.statistics.verdicts import ProcedureVerdict
from pipeline.tasks.classification import CLASSIFICATION
from pipeline.tasks.known import task_of
from pipeline.tasks.task import Task
from pipeline.text.numbers import between, fixed, percent, signed

SCHEMA_VERSION = 4
__all__ = [
    "SCHEMA_VERSION",
    "Candidate",
    "Comparison",
    "Data",
    "Kind",
    "answer_of_test_rows",
    "sentence",
]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class Candidate(_Record):
    """One of the two kinds of network.

    registered_seed: the network with the median val loss. epochs, val_loss: of each seed.
    test: metrics of the registered network. confusion: empty where a number is predicted.
    """

    regularization: Regularization
    registered_seed: int
    epochs: tuple[int, ...]
    val_loss: tuple[float, ...]
    test: dict[str, float]
    confusion: tuple[tuple[int, ...], ...]


class Data(_Record):
    """Says what the networks were trained and judged on.

    classes: empty where a number is predicted. findings: what the reader should know about the
    table, a sentence each.
    """

    name: str
    description: str
    classes: tuple[str, ...]
    positive: str | None
    columns: int
    rows: dict[str, int]
    findings: tuple[str, ...] = ()


class Setting(_Record):
    """Lists what a rerun depends on besides code.

    digests: first digits of the SHA-256 of each role's file. versions: of the packages that
    compute. machine: processor and cores. train: settings of every fit.
    """

    digests: dict[str, str]
    versions: dict[str, str]
    machine: str
    layers: str
    train: dict[str, float | str]


class Comparison(_Record):
    """The evidence: what tuning does, how good the two networks are, and all that explains it.

    verdict, sentence: the answer, from the evaluation; from the test rows where `evaluate.folds` is
    0. test_verdict, test_sentence, metrics: tuned against baseline on the test rows. Parts that
    were switched off, or that the task has not, are None or empty. fitting_rows: number of training
    rows that fitted the networks of the ablation and of the bootstrap sets. reference: the
    published run, repeated.
    importance: share of each tuned value in what moved the score of the trials (PED-ANOVA), with
    an interval over resamples of the trials; empty if there were too few trials.
    """

    schema_version: int = SCHEMA_VERSION
    verdict: ProcedureVerdict | Verdict
    sentence: str
    test_verdict: Verdict
    test_sentence: str
    evaluation: Evaluation | None = None
    data: Data
    study: str
    best_trial: int
    trials: int
    seeds: tuple[int, ...]
    confidence: float
    resamples: int
    metrics: dict[str, PairedMetric]
    tuned: Candidate
    baseline: Candidate
    registered_pair: McNemar | None
    fitting_rows: int | None = None
    ablation: Ablation | None = None
    reference: RepeatedRun | None = None
    decomposition: Decomposition | None = None
    curves: tuple[ValidationCurve, ...] = ()
    weights: tuple[WeightSizes, ...] = ()
    quality: Quality | None = None
    setting: Setting | None = None
    importance: dict[str, Interval] = {}

    @property
    def task(self) -> Task:
        """Return what was predicted, and how it was judged."""
        return task_of(self.data.classes)


def answer_of_test_rows(verdict: Verdict, test_sentence: str) -> str:
    """Answer the question from the test rows alone, where there is no evaluation."""
    answers: dict[Verdict, str] = {
        "helps": "Yes",
        "hurts": "No, it does harm",
        "no detectable difference": "Cannot tell",
    }
    return f"{answers[verdict]}, by the test rows alone. {test_sentence}"


def sentence(
    verdict: Verdict, loss: PairedMetric, rows: int, confidence: float, task: Task = CLASSIFICATION
) -> str:
    """Say how the two kinds do on the test rows in one sentence, with the figures it rests on."""
    difference, words = loss.difference, task.loss.words
    if difference.low == difference.high == 0:
        return (
            "No detectable difference: the search found nothing better than the baseline, so the"
            f" tuned network is the baseline, and all {rows:,} test rows get"
            f" {task.words.same_outputs}."
        )
    figures = f"{percent(confidence)} interval {between(difference)}"
    shown = f"a true difference of {fixed(loss.detectable)} or more would probably have shown"
    if verdict == "no detectable difference":
        return (
            f"No detectable difference on the {rows:,} test rows: the tuned networks change {words}"
            f" by {signed(difference.estimate)} ({figures}); {shown}."
        )
    tuned, baseline = fixed(loss.tuned.estimate), fixed(loss.baseline.estimate)
    better, effect = ("better", "lower") if verdict == "helps" else ("worse", "higher")
    return (
        f"The tuned networks do {better} on the {rows:,} test rows: their {words} is {effect} by"
        f" {fixed(abs(difference.estimate))}, {tuned} where the baseline has {baseline}"
        f" ({figures}); {shown}."
    )
