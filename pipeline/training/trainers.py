"""The one place where a trainer is picked: by the model it trains, and by what executes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Literal

from pipeline.training.builder_trainer import train_built
from pipeline.training.fit import Trainer
from pipeline.training.stack import train_stack

Model = Literal["mlp", "builder"]
Executor = Callable[[Trainer], Trainer]

TRAINERS: Mapping[Model, Trainer] = {"mlp": train_stack, "builder": train_built}


def inline(train: Trainer) -> Trainer:
    """Return the trainer as it is, so that it runs on this machine, on all cores."""
    return train


def trainer(model: Model = "mlp", executor: Executor = inline) -> Trainer:
    """Return the trainer of a model, run by an executor.

    model: `mlp` is the built-in network of `params.yaml`, in the batched trainer; `builder` is the
    one that the user's function builds, through Keras. executor: decides where the trainer runs,
    and may change nothing about its fits.
    """
    return executor(TRAINERS[model])


def one_core() -> Trainer:
    """Return the trainer of the built-in network that uses one core, to run several at a time."""
    return partial(train_stack, cores=1)
