"""The networks of one kind, and the one of them that is registered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.config.sections.regularization import Regularization
from pipeline.tasks.arrays import Floats
from pipeline.training.fit import Fit


@dataclass(frozen=True, eq=False)
class Networks:
    """The networks of one kind; fits are in the order of the seeds."""

    regularization: Regularization
    seeds: Sequence[int]
    fits: Sequence[Fit]

    @property
    def logits(self) -> Floats:
        """Stack the logits of all fits: (seed, test row, output)."""
        return np.stack([fit.score_logits for fit in self.fits])

    @property
    def val_losses(self) -> list[float]:
        """Return the val loss of the kept weights of each seed."""
        return [float(fit.val_loss[fit.kept_epoch]) for fit in self.fits]

    @property
    def registered(self) -> int:
        """Return the place of the network with the median val loss: typical, not lucky.

        Of an even number of networks, it is the lower of the middle two.
        """
        return int(np.argsort(self.val_losses, kind="stable")[(len(self.fits) - 1) // 2])
