"""The trainer of networks that a builder builds: through Keras, one process per core.

A member's fit is a pure function of (fold, regularization, seed, architecture, train), to the last
bit on one machine, as in the batched trainer; the builder's bytes are part of the architecture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from pipeline.config.sections.regularization import Regularization
from pipeline.config.sections.train import TrainParams
from pipeline.data.prepare import Fold
from pipeline.training.architecture import Architecture
from pipeline.training.arrays import FloatArray
from pipeline.training.builder_pool import POOL, Process
from pipeline.training.builder_task import Cost, Task
from pipeline.training.fit import Fit, Member

ARRAYS = ("x", "y", "fit", "stop", "score", "class_weight")


def train_built(
    members: Sequence[Member],
    architecture: Architecture,
    train: TrainParams,
    keep_weights: bool = True,
) -> list[Fit]:
    """Train the members and return their fits in the same order.

    keep_weights: whether fits keep their weights. Without, only losses and outputs take memory.
    """
    POOL.keep(array for member in members for array in _arrays(member.fold).values())
    numbers = POOL.numbers()

    def fit(process: Process, member: Member) -> Fit:
        own = _task(member, architecture, train, keep_weights, numbers)
        POOL.send(process, [number for number in own.arrays.values() if number is not None])
        found: Fit = process.call("fit", own)
        return replace(found, score_logits=member.fold.in_units(found.score_logits))

    return POOL.map(fit, members)


def check_built(
    fold: Fold, architecture: Architecture, train: TrainParams, regularization: Regularization
) -> Cost:
    """Check the builder, and return what a fit costs; `InputError` says what is wrong."""
    POOL.keep(_arrays(fold).values())
    task = _task(Member(fold, regularization, 0), architecture, train, False, POOL.numbers())
    process = POOL.first()
    POOL.send(process, [number for number in task.arrays.values() if number is not None])
    cost: Cost = process.call("check", task)
    return cost


def built_outputs(
    architecture: Architecture,
    regularization: Regularization,
    networks: Sequence[list[FloatArray]],
    x: FloatArray,
) -> FloatArray:
    """Return the outputs (network, row, output) of fitted networks on the same rows."""
    matrix = np.ascontiguousarray(x, np.float32)

    def outputs(process: Process, weights: list[FloatArray]) -> FloatArray:
        given = (architecture, regularization, [weights], matrix)
        found: FloatArray = process.call("outputs", *given)[0]
        return found

    return np.stack(POOL.map(outputs, list(networks)))


def save_built(
    path: Path,
    architecture: Architecture,
    regularization: Regularization,
    weights: Sequence[FloatArray],
) -> None:
    """Save a fitted network as the file that `keras.models.load_model` reads."""
    POOL.first().call("save", path.absolute(), architecture, regularization, list(weights))


def _task(
    member: Member,
    architecture: Architecture,
    train: TrainParams,
    keep_weights: bool,
    numbers: Mapping[int, int],
) -> Task:
    arrays = _arrays(member.fold)
    named = {name: numbers[id(arrays[name])] if name in arrays else None for name in ARRAYS}
    # Folds may be narrower or wider than the architecture of the final networks.
    shape = replace(architecture, features=member.fold.x.shape[1])
    return Task(shape, train, member.regularization, member.seed, named, keep_weights)


def _arrays(fold: Fold) -> dict[str, FloatArray]:
    """Return the arrays of a fold that a fit reads, by name."""
    named = {name: getattr(fold, name) for name in ARRAYS}
    return {name: array for name, array in named.items() if array is not None}
