"""The batched trainer: all members of a stack in one call, one per core at a time.

It computes what `oracle.train_with_keras` computes, member by member; only luck differs (batch
order and masks come from `luck.py`). Two rules:

Unequal folds are exact. An epoch visits each fitting row once, in batches of `batch_size`; the
last batch holds what is left, and its loss is the mean over those rows. Nothing is padded.

A member's fit is a pure function of (fold, regularization, seed, architecture, train), to the
last bit on one machine: the same alone, in any stack, in any place of it, with any number of
cores, as it shares nothing with other members but the rows it reads. Another processor or BLAS
may round otherwise.

Memory is bounded by the number of cores: the rows are read where they are and never copied, only
as many members as there are cores are in training, each with five times its weights, and finished
ones keep their weights only if they are wanted.
"""

from __future__ import annotations

import logging
import os
import queue
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
from threadpoolctl import threadpool_limits

from pipeline.params import TrainParams
from pipeline.training import kernels
from pipeline.training.architecture import Architecture, initial_weights
from pipeline.training.compiled import anything_kept
from pipeline.training.fit import Fit, FloatArray, Member
from pipeline.training.journal import Journal
from pipeline.training.kernels import Layout, State, Strengths, Work
from pipeline.training.luck import batch_order, drop_threshold

logger = logging.getLogger(__name__)

BLOCK_ROWS = 128  # rows evaluated at once: as many as still fit a core's cache


def train_stack(
    members: Sequence[Member],
    architecture: Architecture,
    train: TrainParams,
    keep_weights: bool = True,
) -> list[Fit]:
    """Train the members; fits in the members' order.

    keep_weights: without, fits have none, and only their losses and outputs are held.
    """
    if not members:
        return []
    if not anything_kept():
        logger.info("compiling the trainer, once for this environment: some 10 s")
    lanes = min(os.cpu_count() or 1, len(members))
    rows = max(BLOCK_ROWS, train.batch_size)
    scratch: queue.SimpleQueue[Work] = queue.SimpleQueue()
    for _ in range(lanes):
        scratch.put(Work.of(architecture, rows, max(train.batch_size, rows)))

    def fit(member: Member) -> Fit:
        work = scratch.get()
        try:
            found = _fit(member, architecture, train, work)
            return found if keep_weights else replace(found, weights=[])
        finally:
            scratch.put(work)

    pool = ThreadPoolExecutor(lanes)
    try:
        # A product as small as these is slower on two threads than on one.
        with threadpool_limits(1, "blas"):
            return list(pool.map(fit, members))
    finally:
        # After a signal, fits that have not begun are not waited for.
        pool.shutdown(wait=False, cancel_futures=True)


def _fit(member: Member, architecture: Architecture, train: TrainParams, work: Work) -> Fit:
    """Train one member to its end."""
    fold, regularization = member.fold, member.regularization
    layout = Layout.of(architecture)
    arrays = initial_weights(architecture, member.seed)
    weights = np.concatenate([array.ravel() for array in arrays])
    state = State(weights, *(np.zeros_like(weights) for _ in range(3)))
    kept = weights.copy()
    strengths = Strengths(
        np.float32(regularization.l1),
        np.float32(regularization.l2),
        np.uint16(drop_threshold(regularization.dropout)),
        np.float32(1.0 / (1.0 - regularization.dropout)),
    )
    even = np.ones(architecture.classes, np.float32)
    journal = Journal(regularization.patience)
    for epoch in range(train.max_epochs):
        order = fold.fit[batch_order(member.seed, epoch, len(fold.fit))]
        total = kernels.train_epoch(
            layout,
            state,
            work,
            fold.x,
            fold.y,
            order,
            even,
            strengths,
            train.batch_size,
            train.learning_rate,
            member.seed,
            epoch,
        )
        stop = kernels.log_loss_sum(
            layout, weights, work, fold.x, fold.y, fold.stop, BLOCK_ROWS, even, strengths
        )
        journal.write(total / len(fold.fit), stop / len(fold.stop))
        if journal.kept_epoch == epoch:
            kept[:] = weights
        if journal.ended:
            break
    if journal.failure is not None:
        outputs: FloatArray = np.empty((0, architecture.outputs), np.float32)
    else:
        outputs = kernels.logits(layout, kept, work, fold.x, fold.score, BLOCK_ROWS, strengths)
    return Fit(
        [] if journal.failure else _arrays(kept, arrays),
        np.array(journal.log_loss),
        np.array(journal.val_log_loss),
        journal.kept_epoch,
        outputs,
        journal.failure,
    )


def _arrays(flat: FloatArray, like: Sequence[FloatArray]) -> list[FloatArray]:
    """The flat vector cut into arrays of these shapes."""
    ends = np.cumsum([array.size for array in like])
    parts = np.split(flat, ends[:-1])
    return [part.reshape(array.shape) for part, array in zip(parts, like, strict=True)]
