"""What every trainer takes and gives: a member of a stack, and its fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.config.sections.regularization import Regularization
from pipeline.data.prepare import Fold

FloatArray = npt.NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Member:
    """One network to train.

    fold: its rows; members of the same fold share the object, so its matrix is stored once.
    seed: decides initial weights, batch order and dropout masks, and nothing else does.
    """

    fold: Fold
    regularization: Regularization
    seed: int


@dataclass(frozen=True, eq=False)
class Fit:
    """A trained member.

    weights: in the order of `keras.Model.get_weights()`, the best epoch's if the member has a
    patience, else the last epoch's; empty if it failed or if they were not asked for.
    log_loss, val_log_loss: (epoch,), without penalties; over the fitting rows while they train,
    and over the stop rows after each epoch.
    kept_epoch: index of the epoch whose weights were kept.
    score_logits: (score row, output), one output for two classes, else one per class.
    failure: why the fit ended without a usable network, or None.
    """

    weights: list[FloatArray]
    log_loss: FloatArray
    val_log_loss: FloatArray
    kept_epoch: int
    score_logits: FloatArray
    failure: str | None = None
