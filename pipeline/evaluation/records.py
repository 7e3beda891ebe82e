"""Records of what is kept of one outer fold besides its losses."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from pipeline.config.sections.regularization import Regularization


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class TrialRecord(_Record):
    """A trial of the inner search, and its cross-validated loss; None if a fit failed."""

    regularization: Regularization
    loss: float | None


class ArmRecord(_Record):
    """An arm in one outer fold.

    epochs: mean over its networks. temperature: None if the inner search has no predictions of it.
    """

    name: str
    title: str
    regularization: Regularization
    flip_batch_norm: bool
    epochs: float
    temperature: float | None


class FoldRecord(_Record):
    """Says what was tried and chosen in one outer fold.

    seeds: of the arms' networks. member_epochs, member_steps: what its training took.
    """

    repeat: int
    fold: int
    seeds: tuple[int, ...]
    trials: tuple[TrialRecord, ...]
    arms: tuple[ArmRecord, ...]
    member_epochs: int
    member_steps: int
