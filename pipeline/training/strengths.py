"""The strengths of all techniques, as the compiled trainer takes them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pipeline.config.sections.regularization import OFF, Regularization
from pipeline.training.random_streams import drop_threshold


class Strengths(NamedTuple):
    """Says how strongly one member is regularized.

    threshold: dropout drops a unit whose random bits are below it. scale: its factor for the rest.
    """

    l1: np.float32
    l2: np.float32
    threshold: np.uint16
    scale: np.float32

    @classmethod
    def of(cls, regularization: Regularization) -> Strengths:
        """Return the strengths of the techniques that act within a step."""
        return cls(
            np.float32(regularization.l1),
            np.float32(regularization.l2),
            np.uint16(drop_threshold(regularization.dropout)),
            np.float32(1.0 / (1.0 - regularization.dropout)),
        )


NO_STRENGTHS = Strengths.of(OFF)
