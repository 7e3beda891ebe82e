"""The batched trainer: many small networks as one, with a leading member axis on every array.

It computes what `oracle.train_with_keras` computes, member by member; only luck differs (batch
order and masks come from `luck.py`). Three rules:

Unequal folds are exact. An epoch visits each fitting row once, in batches of `batch_size`; the
last batch holds what is left, and its loss is the mean over those rows: the places that pad it
carry the weight 0. Members train in one stack only if they take equally many steps an epoch, so
nobody ever takes a step on an empty batch, and one count of Adam's steps serves all. (A row more
or less seldom changes the number of steps; where it does, the fold's members get a stack of
their own.)

A member's fit is a pure function of (fold, regularization, seed, architecture, train), to the
last bit on one machine: the same alone, in any stack, in any place of it, with any number of
threads. Its luck is its seed's, no operation adds over members, rows are padded to a multiple
decided by the member's own fold, and the operations that round by an element's place in memory
are avoided (see `arithmetic.py`). Another processor, or another TensorFlow, may round otherwise.

Memory is bounded by `train.memory_mb`: the rows are held once, and members that do not fit next
to them train in consecutive stacks.
"""

from __future__ import annotations

import itertools
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import tensorflow as tf

from pipeline.params import TrainParams
from pipeline.training.arithmetic import Strengths, Tensor
from pipeline.training.fit import Fit, FloatArray, Member
from pipeline.training.journal import Journal
from pipeline.training.luck import batch_order, drop_threshold, mask_bits, mask_stream
from pipeline.training.network import Architecture, initial_weights
from pipeline.training.program import Luck, State, program
from pipeline.training.rows import IntArray, Rows, blocks, padded, parts

STACK_MEMBERS = 64  # more make a stack no faster
STOP_ROWS = 512  # rows evaluated at once, at most
SCORE_ROWS = 128  # rows scored at once; a fold's few score rows are padded to it
SEGMENT_BYTES = 2**22  # mask bits of one seed sent at once
# Sizes a stack shrinks to. XLA compiles the penalties anew for each, which costs some 0.2 s.
SHRUNK_SIZES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)


def train_stack(
    members: Sequence[Member], architecture: Architecture, train: TrainParams
) -> list[Fit]:
    """Train the members; fits in the members' order."""
    if not members:
        return []
    rows = Rows.of([member.fold for member in members])
    lanes = os.cpu_count() or 1
    stacks = plan(members, architecture, train, rows.nbytes, lanes)

    def fits(places: list[int]) -> list[Fit]:
        return _Stack([members[place] for place in places], rows, architecture, train).fit()

    pool = ThreadPoolExecutor(lanes)
    try:
        found = dict(
            pair
            for places, some in zip(stacks, pool.map(fits, stacks), strict=True)
            for pair in zip(places, some, strict=True)
        )
    finally:
        # After a signal, stacks in training are not waited for.
        pool.shutdown(wait=False, cancel_futures=True)
    return [found[place] for place in range(len(members))]


def plan(
    members: Sequence[Member],
    architecture: Architecture,
    train: TrainParams,
    rows_bytes: int,
    lanes: int,
) -> list[list[int]]:
    """Places of the members of each stack; `lanes` stacks train at a time."""
    alike: dict[tuple[int, int], list[int]] = defaultdict(list)
    for place, member in enumerate(members):
        fold = member.fold
        alike[parts(len(fold.fit), train.batch_size), padded(len(fold.stop))].append(place)
    room = (train.memory_mb * 2**20 - rows_bytes) // lanes
    stacks = []
    for places in alike.values():
        most = room // max(member_bytes(members[place], architecture, train) for place in places)
        most = min(max(most, 1), STACK_MEMBERS)
        count = min(len(places), lanes * parts(len(places), lanes * most))
        stacks += [part.tolist() for part in np.array_split(places, count)]
    return stacks


def member_bytes(member: Member, architecture: Architecture, train: TrainParams) -> int:
    """Memory one member adds to a stack, from above."""
    widths = [
        architecture.features,
        *(layer.units for layer in architecture.layers),
        architecture.outputs,
    ]
    weights = sum(a * b + 6 * b for a, b in itertools.pairwise(widths))
    # The weights, the kept ones, two moments, two gradients, two copies while a stack shrinks.
    state = 8 * weights
    # An activation, its mask, its gradient and a spare, or a block of the stop set.
    passing = max(4 * padded(train.batch_size), 2 * STOP_ROWS) * sum(widths)
    index = 3 * (len(member.fold.fit) + len(member.fold.stop))
    return 4 * (state + passing + index) + 2 * SEGMENT_BYTES


class _Stack:
    """Members that train together: equal in steps per epoch and in padded stop rows."""

    def __init__(
        self, members: Sequence[Member], rows: Rows, architecture: Architecture, train: TrainParams
    ) -> None:
        self.members, self.rows, self.train = list(members), rows, train
        self.architecture = architecture
        self.program = program(architecture, train.batch_size)
        self.journals = [Journal(member.regularization.patience) for member in members]
        self.steps = parts(len(members[0].fold.fit), train.batch_size)
        self.live = list(range(len(members)))
        by_seed = {m.seed: initial_weights(architecture, m.seed) for m in members}
        initial = [
            np.stack([by_seed[m.seed][n] for m in members]).reshape(-1, *spec.stacked)
            for n, spec in enumerate(self.program.specs)
        ]
        zeros = [
            np.zeros_like(array)
            for array, spec in zip(initial, self.program.specs, strict=True)
            if spec.trainable
        ]
        self.state = State(*([_variable(a) for a in s] for s in (initial, initial, zeros, zeros)))
        self.handles = State(*([v.handle for v in variables] for variables in self.state))
        self._settle()

    def _settle(self) -> None:
        """Everything that changes when members leave, and not by the epoch."""
        members = [self.members[n] for n in self.live]
        regularizations = [member.regularization for member in members]
        dropped = [drop_threshold(r.dropout) for r in regularizations]
        self.strengths = Strengths(
            _per_member([r.l1 for r in regularizations], tf.float32),
            _per_member([r.l2 for r in regularizations], tf.float32),
            _per_member(dropped, tf.uint16),
            _per_member([1.0 / (1.0 - r.dropout) for r in regularizations], tf.float32),
        )
        self.seeds = list(dict.fromkeys(member.seed for member in members))
        self.seed = tf.constant([self.seeds.index(m.seed) for m in members], tf.int32)
        self.fit_counts = np.array([len(member.fold.fit) for member in members])
        self.stop_counts = np.array([len(member.fold.stop) for member in members])
        self.last = self.fit_counts - (self.steps - 1) * self.train.batch_size
        length = min(STOP_ROWS, padded(len(members[0].fold.stop)))
        stops = [blocks(self.rows.place(m.fold, m.fold.stop), length) for m in members]
        self.stop_rows = tf.constant(np.stack(stops, axis=1))

    def fit(self) -> list[Fit]:
        """Train to the end; fits in the order of the members."""
        fits: dict[int, Fit] = {}
        for epoch in range(self.train.max_epochs):
            log_loss = sum(self._train_epoch(epoch)) / self.fit_counts
            val_log_loss = self._evaluate()
            running = [place for place, n in enumerate(self.live) if n not in fits]
            for place in running:
                journal = self.journals[self.live[place]]
                journal.write(float(log_loss[place]), float(val_log_loss[place]))
                journal.ended |= epoch == self.train.max_epochs - 1
            done = [place for place in running if self.journals[self.live[place]].ended]
            fits |= self._fits(done) if done else {}
            if len(fits) == len(self.members):
                break
            self._shrink([place for place in running if place not in done])
        return [fits[n] for n in range(len(self.members))]

    def _train_epoch(self, epoch: int) -> Iterator[FloatArray]:
        """Sums of row losses, (member,), of one segment of the epoch after another."""
        rows = self._batches(epoch)
        layers = [(n, self.architecture.layers[n].units) for n in self.program.masked]
        streams = [[mask_stream(seed, epoch, n) for seed in self.seeds] for n, _ in layers]
        # Decided by the architecture alone, as it decides which bits a step gets.
        bytes_per_step = 2 * padded(self.train.batch_size) * sum(units for _, units in layers)
        segment = max(1, SEGMENT_BYTES // max(1, bytes_per_step))
        full = np.full(len(self.live), self.train.batch_size)
        for start in range(0, self.steps, segment):
            taken = min(segment, self.steps - start)
            bits = [
                tf.constant(np.stack([mask_bits(s, taken, rows.shape[2], units) for s in of_seeds]))
                for (_, units), of_seeds in zip(layers, streams, strict=True)
            ]
            yield self.program.train(
                self.handles,
                self.rows.table,
                tf.constant(rows[start : start + taken]),
                tf.constant(self.last if start + taken == self.steps else full, tf.int32),
                Luck(bits, self.seed),
                self.strengths,
                tf.constant(epoch * self.steps + start, tf.float32),
                tf.constant(self.train.learning_rate, tf.float32),
            ).numpy()

    def _batches(self, epoch: int) -> IntArray:
        """(step, member, row): the rows of each step."""
        order: dict[tuple[int, int], IntArray] = {}
        batches: dict[tuple[int, int], IntArray] = {}
        keys = []
        for member in (self.members[n] for n in self.live):
            draw, key = (member.seed, len(member.fold.fit)), (member.seed, id(member.fold))
            keys.append(key)
            if key in batches:
                continue
            if draw not in order:
                order[draw] = batch_order(member.seed, epoch, len(member.fold.fit))
            rows = self.rows.place(member.fold, member.fold.fit[order[draw]])
            batches[key] = blocks(rows, self.train.batch_size)
        return np.stack([batches[key] for key in keys], axis=1)

    def _evaluate(self) -> FloatArray:
        """Stop-set log losses (member,); weights that are a member's best so far are kept."""
        bars = np.array([self.journals[n].bar for n in self.live]) * self.stop_counts
        sums: FloatArray = self.program.evaluate(
            self.handles,
            self.rows.table,
            self.stop_rows,
            tf.constant(self.stop_counts, tf.int32),
            tf.constant(bars, tf.float32),
        ).numpy()
        return np.asarray(sums / self.stop_counts)

    def _fits(self, places: list[int]) -> dict[int, Fit]:
        """Fits of the members in these places of the stack."""
        now, kept = ([tf.gather(w, places) for w in ws] for ws in self.state[:2])
        members = [self.members[self.live[place]] for place in places]
        last = _per_member([m.regularization.patience is None for m in members], tf.bool)
        chosen = [tf.where(last, a, b) for a, b in zip(now, kept, strict=True)]
        logits = self._score_logits(chosen, members)
        arrays = [array.numpy() for array in chosen]
        fits = {}
        for at, place in enumerate(places):
            journal = self.journals[self.live[place]]
            failed = journal.failure is not None
            weights = [
                array[at].reshape(spec.shape)
                for array, spec in zip(arrays, self.program.specs, strict=True)
            ]
            fits[self.live[place]] = Fit(
                [] if failed else weights,
                np.array(journal.log_loss),
                np.array(journal.val_log_loss),
                journal.kept_epoch,
                logits[at][:0] if failed else logits[at],
                journal.failure,
            )
        return fits

    def _score_logits(self, weights: list[Tensor], members: list[Member]) -> list[FloatArray]:
        """(score row, output) of each member."""
        rows = [blocks(self.rows.place(m.fold, m.fold.score), SCORE_ROWS) for m in members]
        length = max(map(len, rows))
        even = np.stack([np.pad(r, ((0, length - len(r)), (0, 0)), mode="edge") for r in rows])
        found = [
            self.program.predict(weights, self.rows.table, tf.constant(even[:, part])).numpy()
            for part in range(length)
        ]
        joined = np.concatenate(found, axis=1)
        return [joined[at, : len(member.fold.score)] for at, member in enumerate(members)]

    def _shrink(self, running: list[int]) -> None:
        """Let stopped members leave the stack, but for those that fill it to a fixed size."""
        size = min(size for size in (*SHRUNK_SIZES, len(self.live)) if size >= len(running))
        if size >= len(self.live):
            return
        stopped = [place for place in range(len(self.live)) if place not in running]
        places = running + stopped[: size - len(running)]
        for variable in itertools.chain(*self.state):
            variable.assign(tf.gather(variable, places))
        self.live = [self.live[place] for place in places]
        self._settle()


def _variable(array: FloatArray) -> tf.Variable:
    return tf.Variable(array, trainable=False, shape=(None, *array.shape[1:]))


def _per_member(values: Sequence[float], dtype: tf.DType) -> Tensor:
    """(member, 1, 1)."""
    return tf.constant(np.reshape(values, (-1, 1, 1)), dtype)
