"""Before a stage trains a builder's network: check the builder, and say what the training costs."""

from __future__ import annotations

import logging
import os
import time

from pipeline.compiled import has_machine_code
from pipeline.config.sections.network import NetworkParams
from pipeline.config.sections.regularization import OFF, Regularization
from pipeline.config.sections.train import TrainParams
from pipeline.data.prepare import Fold
from pipeline.training.architecture import Architecture
from pipeline.training.builder_task import Cost
from pipeline.training.builder_trainer import check_built
from pipeline.training.fit import Member
from pipeline.training.stack import train_stack

logger = logging.getLogger(__name__)

MINUTE_S, HOUR_S = 60, 3600
TIMED_EPOCHS = 5


def start_builder(
    fold: Fold,
    classes: int,
    network: NetworkParams,
    train: TrainParams,
    regularization: Regularization,
    fits: int,
    lower: str,
) -> None:
    """Check the builder, if there is one, and say how long so many fits like this one take.

    `InputError` says what is wrong with it. lower: the parameters that make the fits fewer.
    """
    architecture = Architecture.of(network, fold.x.shape[1], classes)
    if architecture.builder is None or fits == 0:
        return
    logger.info("%s: checking what it builds", architecture.builder.name)
    cost = check_built(fold, architecture, train, regularization)
    logger.info(
        "about %s at most: %d fits of up to %d epochs of %.0f ms, and %.1f s to build each, %d at a"
        " time; less where fits stop early.%s Lower %s for fewer fits, or train.max_epochs.",
        duration(seconds(fits, train.max_epochs, cost)),
        fits,
        train.max_epochs,
        1000 * cost.epoch,
        cost.besides,
        os.cpu_count() or 1,
        _slower(fold, classes, network, train, cost.epoch),
        lower,
    )


def _slower(
    fold: Fold, classes: int, network: NetworkParams, train: TrainParams, epoch: float
) -> str:
    """Say how much slower than the built-in network that is, if measuring it takes no time."""
    if not has_machine_code():
        return ""
    built_in = network.model_copy(update={"builder": None})
    architecture = Architecture.of(built_in, fold.x.shape[1], classes)
    member = Member(fold, OFF, 0)

    def train_epochs(count: int) -> float:
        begun = time.perf_counter()
        train_stack([member], architecture, train.model_copy(update={"max_epochs": count}))
        return time.perf_counter() - begun

    # The first call loads the machine code.
    train_epochs(1)
    times = epoch / (train_epochs(TIMED_EPOCHS) / TIMED_EPOCHS)
    return (
        f" Keras trains it {times:.0f} times slower than the built-in network." if times > 1 else ""
    )


def seconds(fits: int, epochs: int, cost: Cost) -> float:
    """Return how long so many fits take, a fit per core at a time."""
    return fits * (epochs * cost.epoch + cost.besides) / (os.cpu_count() or 1)


def duration(spent: float) -> str:
    """Write a time as people say it."""
    if spent < 2 * MINUTE_S:
        return f"{spent:.0f} s"
    if spent < 2 * HOUR_S:
        return f"{spent / MINUTE_S:.0f} min"
    return f"{spent / HOUR_S:.1f} h"
