"""What `evaluate` found, as one object that JSON, report and tracking are made from."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from pipeline.config.sections.regularization import Regularization
from pipeline.evaluation.difference import ProcedureDifference

SCHEMA_VERSION = 1


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class Tail(_Record):
    """Where a difference comes from, row by row, each row averaged over repetitions and networks.

    better: share of rows whose loss is lower. median: of the rows' differences. worst_rows: how
    many rows the 1 % with the largest losses are; worst_share: their share in the sum of the
    differences, above 1 if the other rows are worse off; None if the sum is 0.
    """

    better: float
    median: float
    worst_rows: int
    worst_share: float | None


class Arm(_Record):
    """One way to train, over all rows and repetitions.

    recalibrated: log loss after temperature scaling on predictions within the outer training part;
    None if the inner search has none of this arm. difference, brier_difference,
    recalibrated_difference: from the baseline, None for the baseline itself. p_holm: of the log
    loss, corrected for the number of arms that explain; None for baseline and tuned.
    epochs: mean over its networks.
    """

    name: str
    title: str
    log_loss: float
    brier: float
    recalibrated: float | None
    epochs: float
    difference: ProcedureDifference | None = None
    brier_difference: ProcedureDifference | None = None
    recalibrated_difference: ProcedureDifference | None = None
    p_holm: float | None = None
    tail: Tail | None = None


class Part(_Record):
    """A part of the tuned mix. difference: log loss of the mix minus that of the mix without it."""

    name: str
    title: str
    difference: ProcedureDifference
    p_holm: float


class Peer(_Record):
    """Another model on the same folds. difference: log loss of the tuned network minus its."""

    name: str
    title: str
    log_loss: float
    brier: float
    difference: ProcedureDifference


class Fold(_Record):
    """What was chosen in one outer fold, and its held-out losses.

    alone: strength of each technique alone. searched: log loss, by the inner cross-validation, of
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

    It estimates the expected change in log loss on a new row of this population when the tuned
    procedure replaces the baseline, over training sets of about `training_rows` rows.
    rows: used, of `available`; fewer if `evaluate.rows` bounds them. networks: that score each row,
    of each arm. arms: the baseline first, then the tuned mix. repeats: the estimate of each
    repetition. member_epochs, member_steps: what the training took.
    """

    schema_version: int = SCHEMA_VERSION
    verdict: str
    difference: ProcedureDifference
    confidence: float
    resamples: int
    rows: int
    available: int
    training_rows: int
    outer_folds: int
    inner_folds: int
    trials: int
    seeds: int
    networks: int
    repeats: tuple[float, ...]
    arms: tuple[Arm, ...]
    parts: tuple[Part, ...]
    peers: tuple[Peer, ...]
    folds: tuple[Fold, ...]
    member_epochs: int
    member_steps: int

    @property
    def baseline(self) -> Arm:
        """The arm that all others are compared with."""
        return self.arms[0]

    @property
    def tuned(self) -> Arm:
        """The arm that the verdict is about."""
        return self.arms[1]
