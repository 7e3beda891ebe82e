"""The score of a trial by cross-validation."""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel, ConfigDict

# How one fit did on the rows of its fold: every metric of the task, by name.
FoldScore = dict[str, float]


class Score(BaseModel):
    """Says how a trial did.

    folds: in fold order. epochs: number of epochs that each fold's fit trained. loss, val_loss:
    (epoch,) means over the folds that trained that epoch, of the loss on fitting rows and on stop
    rows. failure: why there is no score, or None.
    """

    model_config = ConfigDict(frozen=True)

    folds: tuple[FoldScore, ...] = ()
    epochs: tuple[int, ...] = ()
    loss: tuple[float, ...] = ()
    val_loss: tuple[float, ...] = ()
    failure: str | None = None

    def mean(self, metric: str) -> float:
        """Return the mean of a metric over the folds."""
        return float(np.mean([fold[metric] for fold in self.folds]))

    def std(self, metric: str) -> float:
        """Return the sample standard deviation of a metric over the folds."""
        return float(np.std([fold[metric] for fold in self.folds], ddof=1))
