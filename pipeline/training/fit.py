"""Define what every trainer takes and gives: members of a stack, and their fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from pipeline.config.sections.regularization import Regularization
from pipeline.config.sections.train import TrainParams
from pipeline.data.prepare import Fold
from pipeline.training.architecture import Architecture
from pipeline.training.arrays import FloatArray


@dataclass(frozen=True, eq=False)
class Member:
    """One network to train.

    fold: its rows; members of the same fold share the object, so its matrix is stored once.
    seed: decides initial weights, batch order and dropout masks, and nothing else does.
    """

    fold: Fold
    regularization: Regularization
    seed: int


def watched(fold: Fold, regularization: Regularization) -> Fold:
    """Return the fold, with a single stop row if nothing stops the fit.

    Nobody asks for the val loss of such a fit, and watching the others would cost a twentieth of
    the training.
    """
    return fold if regularization.patience is not None else replace(fold, stop=fold.stop[:1])


@dataclass(frozen=True, eq=False)
class Fit:
    """A trained member.

    weights: in the order of `keras.Model.get_weights()`, the best epoch's if the member has a
    patience, else the last epoch's; empty if the fit failed or if they were not asked for.
    loss, val_loss: (epoch,), the task's loss without penalties: `loss` over the fitting rows while
    they train, `val_loss` over the stop rows after each epoch.
    kept_epoch: index of the epoch whose weights were kept.
    score_logits: (score row, output), one output for two classes, else one per class. Where a
    number is predicted, it is the prediction in the target's units.
    failure: why the fit ended without a usable network, or None.
    """

    weights: list[FloatArray]
    loss: FloatArray
    val_loss: FloatArray
    kept_epoch: int
    score_logits: FloatArray
    failure: str | None = None


class Trainer(Protocol):
    """A function that trains members of one architecture and returns their fits in order.

    keep_weights: whether fits keep their weights. Without, only losses and outputs take memory.
    """

    def __call__(
        self,
        members: Sequence[Member],
        architecture: Architecture,
        train: TrainParams,
        keep_weights: bool = True,
    ) -> list[Fit]:
        """Train the members."""
