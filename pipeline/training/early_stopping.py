"""Keras' early stopping, on the losses of one member."""

from __future__ import annotations

import math


class EarlyStopping:
    """The losses of a member so far, and what Keras' early stopping decides on them.

    It decides as `EarlyStopping(min_delta=0, restore_best_weights=True)` does on the losses of the
    stop rows. The first strict improvement is the best; patience counts epochs since. As in Keras,
    a patience of 0 stops at the first epoch without an improvement, and so does 1. Patience None
    never stops and keeps the last epoch.
    """

    def __init__(self, patience: int | None) -> None:
        self.patience = patience
        self.loss: list[float] = []
        self.val_loss: list[float] = []
        self.kept_epoch = 0
        self.stopped = False
        self.failure: str | None = None
        self._best = math.inf
        self._wait = 0

    def record(self, loss: float, val_loss: float) -> None:
        """Record the losses of one more epoch, and decide whether to keep it and whether to stop.

        A loss that is not finite stops the fit as failed.
        """
        epoch = len(self.loss)
        self.loss.append(loss)
        self.val_loss.append(val_loss)
        if not (math.isfinite(loss) and math.isfinite(val_loss)):
            self.stopped, self.kept_epoch = True, epoch
            self.failure = f"the loss was not finite in epoch {epoch + 1}"
        elif self.patience is None:
            self.kept_epoch = epoch
        elif val_loss < self._best:
            self._best, self.kept_epoch, self._wait = val_loss, epoch, 0
        else:
            self._wait += 1
            self.stopped = self._wait >= self.patience
