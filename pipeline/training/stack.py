"""The batched trainer: all members of a stack in one call, one per core at a time.

It computes what `oracle.train_with_keras` computes, member by member; only luck differs (batch
order and masks come from `luck.py`). Two rules:

Unequal folds are exact. An epoch visits each fitting row once, in batches of `batch_size`; the
last batch holds what is left, and its loss is the mean over those rows. Nothing is padded.

A member's fit is a pure function of (fold, regularization, seed, architecture, train), to the
last bit on one machine: the same alone, in any stack, in any place of it, with any number of
cores, as it shares nothing with other members but the rows it reads. Another processor or BLAS
may round otherwise.

Memory is bounded by the number of cores: the rows are read where they are and never copied,
fewer than twice as many members as there are cores are in training, each with five times its
weights, and finished ones keep their weights only if they are wanted.
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

from pipeline.compiled import anything_kept
from pipeline.config.sections.train import TrainParams
from pipeline.training import kernels
from pipeline.training.architecture import Architecture, initial_weights
from pipeline.training.early_stopping import Journal
from pipeline.training.fit import Fit, FloatArray, Member
from pipeline.training.layout import BLOCK_ROWS, Layout, State, Strengths, Work
from pipeline.training.random_streams import batch_order, drop_threshold

logger = logging.getLogger(__name__)

# Between two epochs a lane needs the interpreter, which by default a thread beside it, such as one
# that writes to MLflow, gives up after 5 ms: several epochs of a small network.
SWITCH_S = 0.0002


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
    waiting: deque[tuple[int, _Training | None]] = deque(
        (place, None) for place in range(len(members))
    )
    fits: dict[int, Fit] = {}

    def lane(_: int) -> None:
        work = Work.of(architecture, max(BLOCK_ROWS, train.batch_size))
        while (taken := _next(waiting)) is not None:
            place, begun = taken
            training = begun or _Training(members[place], architecture, train)
            while place not in fits:
                training.train_epoch(work)
                if training.ended:
                    fits[place] = training.fit(work, keep_weights)
                elif 0 < len(waiting) < lanes:
                    # The last ones take turns, or a core would be left with a whole fit.
                    waiting.append((place, training))
                    break

    pool = ThreadPoolExecutor(lanes)
    usual = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_S)
    try:
        # A product as small as these is slower on two threads than on one.
        with threadpool_limits(1, "blas"):
            list(pool.map(lane, range(lanes)))
    finally:
        sys.setswitchinterval(usual)
        # After a signal, nobody waits for what is in training.
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
    """One member on its way to a fit."""

    def __init__(self, member: Member, architecture: Architecture, train: TrainParams) -> None:
        self.member, self.train = member, train
        self.layout = Layout.of(architecture)
        self.initial = initial_weights(architecture, member.seed)
        weights = np.concatenate([array.ravel() for array in self.initial])
        self.state = State(weights, *(np.zeros_like(weights) for _ in range(3)))
        self.kept = weights.copy()
        regularization = member.regularization
        self.strengths = Strengths(
            np.float32(regularization.l1),
            np.float32(regularization.l2),
            np.uint16(drop_threshold(regularization.dropout)),
            np.float32(1.0 / (1.0 - regularization.dropout)),
        )
        even = np.ones(architecture.classes, np.float32)
        given = member.fold.class_weight
        # The sums of losses leave it out: it acts in the gradient alone.
        self.class_weight = even if given is None else given
        self.journal = Journal(regularization.patience)

    @property
    def ended(self) -> bool:
        """Whether there is no epoch to come."""
        return self.journal.ended or len(self.journal.log_loss) == self.train.max_epochs

    def train_epoch(self, work: Work) -> None:
        """Take an epoch's steps, look at the stop rows, and keep the weights if they are best."""
        member, fold, epoch = self.member, self.member.fold, len(self.journal.log_loss)
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
        stop = kernels.log_loss_sum(
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
        self.journal.write(total / len(fold.fit), stop / len(fold.stop))
        if self.journal.kept_epoch == epoch:
            self.kept[:] = self.state.weights

    def fit(self, work: Work, keep_weights: bool) -> Fit:
        """What came of it, with the outputs on the score rows."""
        journal, fold = self.journal, self.member.fold
        failed = journal.failure is not None
        score_rows = fold.score[:0] if failed else fold.score
        outputs = kernels.logits(
            self.layout, self.kept, work, fold.x, score_rows, BLOCK_ROWS, self.strengths
        )
        return Fit(
            [] if failed or not keep_weights else _arrays(self.kept, self.initial),
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
