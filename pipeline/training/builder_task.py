"""Define the requests to a process that fits a builder's networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.config.sections.regularization import Regularization
from pipeline.config.sections.train import TrainParams
from pipeline.training.architecture import Architecture


@dataclass(frozen=True)
class Cost:
    """The seconds of an epoch, and of what each fit takes besides: building and tracing."""

    epoch: float
    besides: float


@dataclass(frozen=True, eq=False)
class Task:
    """One network to fit. Arrays are named by the numbers that the other process gave them."""

    architecture: Architecture
    train: TrainParams
    regularization: Regularization
    seed: int
    arrays: Mapping[str, int | None]
    keep_weights: bool
