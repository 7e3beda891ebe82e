"""The strengths of all techniques, and how steps are taken, as the compiled trainer takes them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pipeline.config.sections.regularization import OFF, Regularization
from pipeline.config.sections.train import TrainParams
from pipeline.training.random_streams import drop_threshold


class Strengths(NamedTuple):
    """Says how strongly one member is regularized.

    threshold: dropout drops a unit whose random bits are below it. scale: its factor for the rest.
    max_norm: infinite where norms are not limited. averaging: momentum of the exponential mean of
    the weights.
    """

    l1: np.float32
    l2: np.float32
    threshold: np.uint16
    scale: np.float32
    weight_decay: np.float32
    max_norm: np.float32
    label_smoothing: float
    input_noise: np.float32
    averaging: np.float32

    @classmethod
    def of(cls, regularization: Regularization) -> Strengths:
        """Return the strengths of the techniques that act within a step."""
        return cls(
            np.float32(regularization.l1),
            np.float32(regularization.l2),
            np.uint16(drop_threshold(regularization.dropout)),
            np.float32(1.0 / (1.0 - regularization.dropout)),
            np.float32(regularization.weight_decay),
            np.float32(np.inf if regularization.max_norm is None else regularization.max_norm),
            float(regularization.label_smoothing),
            np.float32(regularization.input_noise),
            np.float32(regularization.averaging),
        )


class Steps(NamedTuple):
    """Says how steps are taken.

    batch: rows of each. rate: the learning rate that the fit begins with. decay_epochs: number of
    epochs after which it has decayed to 0 along a cosine (Loshchilov and Hutter 2017, eq. 5,
    without restarts); with 0 it stays constant. proximal: whether an L1 penalty acts by its
    proximal step, and not by its subgradient.
    """

    batch: int
    rate: float
    decay_epochs: int
    proximal: bool

    @classmethod
    def of(cls, train: TrainParams, regularization: Regularization) -> Steps:
        """Return how a fit with this regularization takes its steps."""
        return cls(
            train.batch_size,
            float(regularization.learning_rate or train.learning_rate),
            train.max_epochs if train.schedule == "cosine" else 0,
            train.l1 == "proximal",
        )


NO_STRENGTHS = Strengths.of(OFF)
