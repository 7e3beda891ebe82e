"""The batched trainer: it trains all members of a stack in one call, one per core at a time.

It computes what `keras_trainer.train_with_keras` computes, member by member; only the random
streams differ (batch order and masks come from `random_streams.py`). Two rules hold:

Unequal folds are exact. An epoch visits each fitting row once, in batches of `batch_size`; the
last batch holds what is left, and its loss is the mean over those rows. Nothing is padded.

A member's fit is a pure function of (fold, regularization, seed, architecture, train), to the
last bit on one machine: it is the same alone, in any stack, at any place in it and with any number
of cores, because it shares nothing with other members but the rows it reads. Another processor or
BLAS may round differently.

The number of cores bounds the memory: rows are read where they are and never copied, fewer than
twice as many members as there are cores are in training, each with five times its weights, and
finished ones keep their weights only if they are wanted.
"""

from __future__ import annotations

import logging
import os
import sys
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from threadpoolctl import threadpool_limits

from pipeline.compiled import has_machine_code
from pipeline.config.sections.train import TrainParams
from pipeline.training import kernels
from pipeline.training.architecture import Architecture, initial_weights
from pipeline.training.arrays import FloatArray
from pipeline.training.early_stopping import EarlyStopping
from pipeline.training.fit import Fit, Member
from pipeline.training.layout import BLOCK_ROWS, Layout, State, Workspace
from pipeline.training.random_streams import batch_order
from pipeline.training.strengths import Strengths

logger = logging.getLogger(__name__)

# Between two epochs a worker needs the interpreter. By default, another thread, such as one that
# writes to MLflow, releases it after 5 ms only, which is several epochs of a small network.
SWITCH_S = 0.0002


def train_stack(
    members: Sequence[Member],
    architecture: Architecture,
    train: TrainParams,
    keep_weights: bool = True,
) -> list[Fit]:
    """Train the members and return their fits in the same order.

    keep_weights: whether fits keep their weights. Without, only losses and outputs take memory.
    """
    if not members:
        return []
    if not has_machine_code():
        logger.info("compiling the trainer, once for this environment: some 10 s")
    workers = min(os.cpu_count() or 1, len(members))
    waiting: deque[tuple[int, _Training | None]] = deque(
        (place, None) for place in range(len(members))
    )
    fits: dict[int, Fit] = {}

    def worker(_: int) -> None:
        work = Workspace.of(architecture, max(BLOCK_ROWS, train.batch_size))
        while (taken := _next(waiting)) is not None:
            place, started = taken
            training = started or _Training(members[place], architecture, train)
            while place not in fits:
                training.train_epoch(work)
                if training.finished:
                    fits[place] = training.fit(work, keep_weights)
                elif 0 < len(waiting) < workers:
                    # The last members take turns: else one core would train a whole fit at the end
                    # while the others are idle.
                    waiting.append((place, training))
                    break

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
    waiting: deque[tuple[int, _Training | None]],
) -> tuple[int, _Training | None] | None:
    try:
        return waiting.popleft()
    except IndexError:
        return None


class _Training:
    """One member in training."""

    def __init__(self, member: Member, architecture: Architecture, train: TrainParams) -> None:
        self.member, self.train = member, train
        self.layout = Layout.of(architecture)
        self.initial_weights = initial_weights(architecture, member.seed)
        weights = np.concatenate([array.ravel() for array in self.initial_weights])
        self.state = State(weights, *(np.zeros_like(weights) for _ in range(3)))
        self.kept = weights.copy()
        self.strengths = Strengths.of(member.regularization)
        # Class weights act on the gradient alone; losses count all rows equally.
        weight = member.fold.class_weight
        self.class_weight = np.ones(architecture.classes, np.float32) if weight is None else weight
        self.early_stopping = EarlyStopping(member.regularization.patience)

    @property
    def finished(self) -> bool:
        """Whether the member has trained its last epoch."""
        stopping = self.early_stopping
        return stopping.stopped or len(stopping.loss) == self.train.max_epochs

    def train_epoch(self, work: Workspace) -> None:
        """Take an epoch's steps, compute the loss of the stop rows, and keep the best weights."""
        member, fold, stopping = self.member, self.member.fold, self.early_stopping
        epoch = len(stopping.loss)
        total = kernels.train_epoch(
            self.layout,
            self.state,
            work,
            fold.x,
            fold.y,
            fold.fit[batch_order(member.seed, epoch, len(fold.fit))],
            self.class_weight,
            self.strengths,
            self.train.batch_size,
            self.train.learning_rate,
            self.train.max_epochs if self.train.schedule == "cosine" else 0,
            member.seed,
            epoch,
        )
        val_total = kernels.loss_sum(
            self.layout,
            self.state.weights,
            work,
            fold.x,
            fold.y,
            fold.stop,
            BLOCK_ROWS,
            self.class_weight,
            self.strengths,
        )
        stopping.record(total / len(fold.fit), val_total / len(fold.stop))
        if stopping.kept_epoch == epoch:
            self.kept[:] = self.state.weights

    def fit(self, work: Workspace, keep_weights: bool) -> Fit:
        """Return the fit, with the outputs on the score rows."""
        stopping, fold = self.early_stopping, self.member.fold
        failed = stopping.failure is not None
        score_rows = fold.score[:0] if failed else fold.score
        outputs = kernels.logits(
            self.layout, self.kept, work, fold.x, score_rows, BLOCK_ROWS, self.strengths
        )
        return Fit(
            [] if failed or not keep_weights else _arrays(self.kept, self.initial_weights),
            np.array(stopping.loss),
            np.array(stopping.val_loss),
            stopping.kept_epoch,
            outputs,
            stopping.failure,
        )


def _arrays(flat: FloatArray, like: Sequence[FloatArray]) -> list[FloatArray]:
    """Cut a flat vector into arrays of these shapes."""
    ends = np.cumsum([array.size for array in like])
    parts = np.split(flat, ends[:-1])
    return [part.reshape(array.shape) for part, array in zip(parts, like, strict=True)]
