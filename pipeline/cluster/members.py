"""Train the members of a stack on a cluster, in chunks that workers take one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.config.sections.train import TrainParams
from pipeline.training.architecture import Architecture
from pipeline.training.fit import Fit, Member, Trainer
from pipeline.training.stack import trajectories
from pipeline.training.trainers import Executor, inline, one_core

if TYPE_CHECKING:
    from pipeline.cluster.connection import Cluster

# Chunks for each thread of the cluster. Fits end at different epochs, so with fewer chunks some
# threads would be idle at the end; with more, sending them would cost more than it saves.
CHUNKS_PER_THREAD = 4
# What folds share, and what is sent once for all of them: all rows' columns and targets.
Shared = tuple[Any, ...]
NOTHING = np.empty((0, 0), np.float32)


@dataclass(frozen=True, eq=False)
class Chunk:
    """Members that one task trains.

    members: without the arrays that are shared. places: for each member, those of its columns, its
    targets and its targets in units among the shared arrays.
    """

    members: Sequence[Member]
    places: Sequence[tuple[int, int, int | None]]
    architecture: Architecture
    train: TrainParams
    keep_weights: bool


def executor(cluster: Cluster | None) -> Executor:
    """Return what lets a trainer run on the cluster; without one, in this process."""
    if cluster is None:
        return inline

    def on_cluster(_: Trainer) -> Trainer:
        def train_members(
            members: Sequence[Member],
            architecture: Architecture,
            train: TrainParams,
            keep_weights: bool = True,
        ) -> list[Fit]:
            return _train(cluster, members, architecture, train, keep_weights)

        return train_members

    return on_cluster


def _train(
    cluster: Cluster,
    members: Sequence[Member],
    architecture: Architecture,
    train: TrainParams,
    keep_weights: bool,
) -> list[Fit]:
    if not members:
        return []
    parts = _parts(trajectories(members), cluster.threads() * CHUNKS_PER_THREAD)
    shared, places = _shared(members)
    chunks = [
        Chunk(
            [_without_shared(members[number]) for number in part],
            [places[number] for number in part],
            architecture,
            train,
            keep_weights,
        )
        for part in parts
    ]
    fits: dict[int, Fit] = {}
    for number, result in cluster.results(train_chunk, chunks, shared):
        fits.update(zip(parts[number], result, strict=True))
    return [fits[number] for number in range(len(members))]


def train_chunk(shared: Shared, own: Chunk) -> list[Fit]:
    """Train the members of a chunk on one core, and return their fits in order."""
    arrays = [_writable(array) for array in shared]
    members = []
    for member, (x, y, units) in zip(own.members, own.places, strict=True):
        fold = replace(
            member.fold, x=arrays[x], y=arrays[y], units=None if units is None else arrays[units]
        )
        members.append(replace(member, fold=fold))
    return one_core()(members, own.architecture, own.train, own.keep_weights)


def _parts(groups: Sequence[Sequence[int]], wanted: int) -> list[list[int]]:
    """Divide groups into about as many parts as wanted; members of a group stay together."""
    size = -(-len(groups) // max(1, wanted))
    return [
        list(chain.from_iterable(groups[start : start + size]))
        for start in range(0, len(groups), size)
    ]


def _shared(
    members: Sequence[Member],
) -> tuple[Shared, list[tuple[int, int, int | None]]]:
    """Return each large array of the members once, and where each member's are among them."""
    found: dict[int, int] = {}
    arrays: list[Any] = []

    def place(array: Any) -> int:
        if id(array) not in found:
            found[id(array)] = len(arrays)
            arrays.append(array)
        return found[id(array)]

    places = [
        (
            place(fold.x),
            place(fold.y),
            None if fold.units is None else place(fold.units),
        )
        for fold in (member.fold for member in members)
    ]
    return tuple(arrays), places


def _without_shared(member: Member) -> Member:
    return replace(member, fold=replace(member.fold, x=NOTHING, y=NOTHING, units=None))


def _writable(array: Any) -> Any:
    """Return the array, or a copy if it lies in a message: machine code is made for writable ones.

    What is compiled for one kind of array would be compiled anew for the other.
    """
    return array if array.flags.writeable else array.copy()
