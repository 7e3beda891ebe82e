"""The batched trainer: it trains all members of a stack in one call, one per core at a time.

It computes what `keras_trainer.train_with_keras` computes, member by member; only the random
streams differ (batch order and masks come from `random_streams.py`). Two rules hold:

Unequal folds are exact. An epoch visits each fitting row once, in batches of `batch_size`; the
last batch holds what is left, and its loss is the mean over those rows. Nothing is padded.

A member's fit is a pure function of (fold, regularization, seed, architecture, train), to the
last bit on one machine: it is the same alone, in any stack, at any place in it and with any number
of cores, because it shares nothing with other members but the rows it reads. Another processor or
BLAS may round differently.

Members that differ in nothing but their patience and stop rows take the same steps, so they share
them, and each stops and keeps its weights as it would alone.

The number of cores bounds the memory: rows are read where they are and never copied, fewer than
twice as many trajectories as there are cores are in training, each with four times its weights and
once more for each member, and finished members keep their weights only if they are wanted.
"""

from __future__ import annotations

import logging
import os
import sys
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from pipeline.compiled import has_machine_code
from pipeline.config.sections.regularization import OFF
from pipeline.config.sections.train import TrainParams
from pipeline.training import kernels
from pipeline.training.architecture import Architecture, initial_weights
from pipeline.training.arrays import FloatArray
from pipeline.training.early_stopping import EarlyStopping
from pipeline.training.fit import Fit, Member
from pipeline.training.layout import BLOCK_ROWS, Layout, State, Workspace
from pipeline.training.mixtures import mixing_shares
from pipeline.training.objective import Objective
from pipeline.training.random_streams import batch_order
from pipeline.training.strengths import Steps, Strengths

logger = logging.getLogger(__name__)

# Between two epochs a worker needs the interpreter. By default, another thread, such as one that
# writes to MLflow, releases it after 5 ms only, which is several epochs of a small network.
SWITCH_S = 0.0002


def train_stack(
    members: Sequence[Member],
    architecture: Architecture,
    train: TrainParams,
    keep_weights: bool = True,
    cores: int | None = None,
) -> list[Fit]:
    """Train the members and return their fits in the same order.

    keep_weights: whether fits keep their weights. Without, only losses and outputs take memory.
    cores: how many cores to use; None for all of the machine.
    """
    if not members:
        return []
    if not has_machine_code():
        logger.info("compiling the trainer, once for this environment: some 10 s")
    shared = trajectories(members)
    workers = min(cores or os.cpu_count() or 1, len(shared))
    waiting: deque[tuple[list[int], _Training | None]] = deque((places, None) for places in shared)
    fits: dict[int, Fit] = {}

    def worker(_: int) -> None:
        work = Workspace.of(architecture, max(BLOCK_ROWS, train.batch_size))
        while (taken := _next(waiting)) is not None:
            places, started = taken
            alike = [members[place] for place in places]
            training = started or _Training(alike, architecture, train)
            while not training.finished:
                training.train_epoch(work)
                if not training.finished and 0 < len(waiting) < workers:
                    # The last members take turns: else one core would train a whole fit at the end
                    # while the others are idle.
                    waiting.append((places, training))
                    break
            else:
                fits.update(zip(places, training.fits(work, keep_weights), strict=True))

    pool = ThreadPoolExecutor(workers)
    usual_interval = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_S)
    try:
        # A product as small as these is slower on two threads than on one.
        with threadpool_limits(1, "blas"):
            list(pool.map(worker, range(workers)))
    finally:
        sys.setswitchinterval(usual_interval)
        # After a signal, do not wait for the members that are in training.
        pool.shutdown(wait=False, cancel_futures=True)
    return [fits[place] for place in range(len(members))]


def _next(
    waiting: deque[tuple[list[int], _Training | None]],
) -> tuple[list[int], _Training | None] | None:
    try:
        return waiting.popleft()
    except IndexError:
        return None


def trajectories(members: Sequence[Member]) -> list[list[int]]:
    """Return the places of the members that take the same steps, group by group."""
    groups: dict[object, list[int]] = {}
    for place, member in enumerate(members):
        fold = member.fold
        rows = (id(fold.x), id(fold.y), id(fold.fit), id(fold.class_weight))
        shared = member.regularization.model_copy(update={"patience": OFF.patience})
        # Outputs return to the target's units by the fold's own scale.
        steps = (*rows, fold.target, shared, member.seed)
        groups.setdefault(steps, []).append(place)
    return list(groups.values())


class _Training:
    """Members in training that share their steps."""

    def __init__(
        self, members: Sequence[Member], architecture: Architecture, train: TrainParams
    ) -> None:
        first = members[0]
        self.fold, self.seed, self.train = first.fold, first.seed, train
        self.layout = Layout.of(architecture)
        self.initial_weights = initial_weights(architecture, self.seed)
        weights = np.concatenate([array.ravel() for array in self.initial_weights])
        self.strengths = Strengths.of(first.regularization)
        self.steps = Steps.of(train, first.regularization)
        self.mixup = first.regularization.mixup
        averaged = weights.size if self.strengths.averaging else 0
        mean, square, gradient = (np.zeros_like(weights) for _ in range(3))
        average = np.zeros(averaged, np.float32)
        self.state = State(weights, mean, square, gradient, average)
        self.objective = Objective.of(architecture, train, self.fold)
        # Class numbers are exact in single precision, so one compilation serves both tasks.
        self.y = np.asarray(self.fold.y, np.float32)
        self.members = [_Stopping(member, weights.copy()) for member in members]
        self.epoch = 0

    @property
    def finished(self) -> bool:
        """Say whether all members have trained their last epoch."""
        stopped = all(member.early_stopping.stopped for member in self.members)
        return stopped or self.epoch == self.train.max_epochs

    @property
    def weights(self) -> FloatArray:
        """Return the weights that are judged and kept: the mean, where one is kept."""
        return self.state.average if self.state.average.size else self.state.weights

    def train_epoch(self, work: Workspace) -> None:
        """Take an epoch's steps, compute the loss of the stop rows, and keep the best weights."""
        fold, epoch = self.fold, self.epoch
        total = kernels.train_epoch(
            self.layout,
            self.state,
            work,
            fold.x,
            self.y,
            fold.fit[batch_order(self.seed, epoch, len(fold.fit))],
            self.objective,
            self.strengths,
            self.steps,
            mixing_shares(self.seed, epoch, len(fold.fit), self.mixup),
            self.seed,
            epoch,
        )
        val_losses: dict[int, float] = {}
        for member in self.members:
            if not member.early_stopping.stopped:
                stop = member.stop
                if id(stop) not in val_losses:
                    val_losses[id(stop)] = self._loss_sum(work, stop) / len(stop)
                member.record(total / len(fold.fit), val_losses[id(stop)], self.weights)
        self.epoch += 1

    def _loss_sum(self, work: Workspace, rows: npt.NDArray[np.int32]) -> float:
        return kernels.loss_sum(
            self.layout,
            self.weights,
            work,
            self.fold.x,
            self.y,
            rows,
            BLOCK_ROWS,
            self.objective,
            self.strengths,
        )

    def fits(self, work: Workspace, keep_weights: bool) -> list[Fit]:
        """Return the fit of each member, with the outputs on its score rows."""
        return [self._fit(member, work, keep_weights) for member in self.members]

    def _fit(self, member: _Stopping, work: Workspace, keep_weights: bool) -> Fit:
        stopping = member.early_stopping
        failed = stopping.failure is not None
        score_rows = member.score[:0] if failed else member.score
        outputs = kernels.logits(
            self.layout, member.kept, work, self.fold.x, score_rows, BLOCK_ROWS, self.strengths
        )
        return Fit(
            [] if failed or not keep_weights else _arrays(member.kept, self.initial_weights),
            np.array(stopping.loss),
            np.array(stopping.val_loss),
            stopping.kept_epoch,
            self.fold.in_units(outputs),
            stopping.failure,
        )


class _Stopping:
    """Says when one member stops, and holds the weights that it keeps."""

    def __init__(self, member: Member, weights: FloatArray) -> None:
        self.stop, self.score = member.fold.stop, member.fold.score
        self.early_stopping = EarlyStopping(member.regularization.patience)
        self.kept = weights

    def record(self, loss: float, val_loss: float, weights: FloatArray) -> None:
        """Record the losses of one more epoch, and keep its weights if they are the best."""
        epoch = len(self.early_stopping.loss)
        self.early_stopping.record(loss, val_loss)
        if self.early_stopping.kept_epoch == epoch:
            self.kept[:] = weights


def _arrays(flat: FloatArray, like: Sequence[FloatArray]) -> list[FloatArray]:
    """Cut a flat vector into arrays of these shapes."""
    ends = np.cumsum([array.size for array in like])
    parts = np.split(flat, ends[:-1])
    return [part.reshape(array.shape) for part, array in zip(parts, like, strict=True)]
