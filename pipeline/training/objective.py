"""The loss that a fit minimizes, as the compiled trainer takes it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pipeline.config.sections.train import NumberLoss, TrainParams
from pipeline.data.prepare import Fold
from pipeline.training.architecture import Architecture
from pipeline.training.arrays import Float32s

CROSS_ENTROPY, SQUARED_ERROR, HUBER = range(3)
NUMBER_LOSSES: dict[NumberLoss, int] = {"squared_error": SQUARED_ERROR, "huber": HUBER}


class Objective(NamedTuple):
    """Which loss is minimized.

    kind: one of the constants above. delta: the error from which Huber's loss is linear.
    class_weight: (class,), how much a row counts in the gradient; losses count all rows equally.
    """

    kind: int
    delta: float
    class_weight: Float32s

    @classmethod
    def of(cls, architecture: Architecture, train: TrainParams, fold: Fold) -> Objective:
        """Return the objective of a fit: cross-entropy for classes, else the loss of `train`."""
        classes = architecture.classes
        kind = NUMBER_LOSSES[train.loss] if classes == 0 else CROSS_ENTROPY
        weight = fold.class_weight
        even = np.ones(max(classes, 1), np.float32)
        return cls(kind, float(train.huber_delta), even if weight is None else weight)
