"""The history of one member, and Keras' early stopping on it."""

from __future__ import annotations

import math


class Journal:
    """What `EarlyStopping(min_delta=0, restore_best_weights=True)` would note down and decide.

    The first strict improvement is the best; patience counts epochs since. As in Keras, a patience
    of 0 stops at the first epoch that is no improvement, and so does 1. Patience None never stops
    and keeps the last epoch.
    """

    def __init__(self, patience: int | None) -> None:
        self.patience = patience
        self.log_loss: list[float] = []
        self.val_log_loss: list[float] = []
        self.kept_epoch = 0
        self.ended = False
        self.failure: str | None = None
        self._best = math.inf
        self._wait = 0

    @property
    def bar(self) -> float:
        """Weights whose stop-set loss is below this are the ones to keep."""
        return -math.inf if self.ended or self.patience is None else self._best

    def write(self, log_loss: float, val_log_loss: float) -> None:
        """Note one more epoch, and whether it was the last."""
        epoch = len(self.log_loss)
        self.log_loss.append(log_loss)
        self.val_log_loss.append(val_log_loss)
        if not (math.isfinite(log_loss) and math.isfinite(val_log_loss)):
            self.ended, self.kept_epoch = True, epoch
            self.failure = f"the loss was not finite in epoch {epoch + 1}"
        elif self.patience is None:
            self.kept_epoch = epoch
        elif val_log_loss < self._best:
            self._best, self.kept_epoch, self._wait = val_log_loss, epoch, 0
        else:
            self._wait += 1
            self.ended = self._wait >= self.patience
