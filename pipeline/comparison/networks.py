"""The networks of one kind, and the one of them that is registered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.config.sections.regularization import Regularization
from pipeline.tasks.classification import Floats
from pipeline.training.fit import Fit


@dataclass(frozen=True, eq=False)
class Networks:
    """The networks of one kind; fits are in the order of the seeds."""

    regularization: Regularization
    seeds: Sequence[int]
    fits: Sequence[Fit]

    @property
    def logits(self) -> Floats:
        """(seed, test row, output)."""
        return np.stack([fit.score_logits for fit in self.fits])

    @property
    def val_log_losses(self) -> list[float]:
        """Of the kept weights, per seed."""
        return [float(fit.val_loss[fit.kept_epoch]) for fit in self.fits]

    @property
    def registered(self) -> int:
        """Place of the network with the median val loss, the lower of two: typical, not lucky."""
        return int(np.argsort(self.val_log_losses, kind="stable")[(len(self.fits) - 1) // 2])
