"""The compiled program of a stack: some steps of Adam, and the stop set's log loss.

One program serves every stack of an architecture and batch size: the member axis has no fixed
length, so neither another stack size nor a member's leaving costs a trace.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from pipeline.training.arithmetic import (
    Strengths,
    Tensor,
    adam,
    inference_logits,
    penalized,
    row_losses,
    training_logits,
    weight_specs,
)
from pipeline.training.network import Architecture

TRACES: list[str] = []  # one entry per trace, for the test that they stay few


class State(NamedTuple):
    """Variables of a stack, or their handles: each (member, *stacked shape).

    weights, and kept, those of each member's best epoch so far, in the order of
    `keras.Model.get_weights()`; means and squares, Adam's moments, of the trainable ones.
    """

    weights: list[Any]
    kept: list[Any]
    means: list[Any]
    squares: list[Any]


class Table(NamedTuple):
    """All rows. x: (row, feature), y: (row,)."""

    x: Tensor
    y: Tensor


class Luck(NamedTuple):
    """Mask bits of some steps.

    bits: per layer with dropout, (seed, step, row, unit). seed: (member,), a member's in bits.
    """

    bits: list[Tensor]
    seed: Tensor


class Program:
    """Functions over variables' handles; state lives in the variables, not here.

    Handles and not variables are passed, as a trace belongs to the variables it was made with.
    """

    def __init__(self, architecture: Architecture, batch_size: int) -> None:
        self.architecture = architecture
        self.batch_size = batch_size
        self.specs = weight_specs(architecture)
        self.trained = [spec for spec in self.specs if spec.trainable]
        self.masked = [n for n, layer in enumerate(architecture.layers) if layer.dropout]

        def of(dtype: Any, *shape: int | None) -> tf.TensorSpec:
            return tf.TensorSpec(shape, dtype)

        every = [of(tf.resource) for _ in self.specs]
        trained = [of(tf.resource) for _ in self.trained]
        state = State(every, every, trained, trained)
        table = Table(of(tf.float32, None, architecture.features), of(tf.int32, None))
        units = [architecture.layers[n].units for n in self.masked]
        luck = Luck([of(tf.uint16, None, None, None, u) for u in units], of(tf.int32, None))
        strength = of(tf.float32, None, 1, 1)
        strengths = Strengths(strength, strength, of(tf.uint16, None, 1, 1), strength)
        blocks, counts = of(tf.int32, None, None, None), of(tf.int32, None)
        number, bars = of(tf.float32), of(tf.float32, None)
        weights = [of(tf.float32, None, *spec.stacked) for spec in self.specs]
        self.train = tf.function(
            self._train, [state, table, blocks, counts, luck, strengths, number, number]
        )
        self.evaluate = tf.function(self._evaluate, [state, table, blocks, counts, bars])
        self.predict = tf.function(self._predict, [weights, table, of(tf.int32, None, None)])

    def _train(
        self,
        state: State,
        table: Table,
        rows: Tensor,
        last: Tensor,
        luck: Luck,
        strengths: Strengths,
        taken: Tensor,
        rate: Tensor,
    ) -> Tensor:
        """Take steps; each member's sum of row losses, (member,).

        rows: (step, member, row). last: (member,), rows that count in the last of these steps.
        taken: steps taken before. rate: the learning rate.
        """
        TRACES.append("train")
        steps, members, length = tf.unstack(tf.shape(rows))
        place = tf.range(length)[tf.newaxis]

        def step(at: Tensor, total: Tensor) -> tuple[Tensor, Tensor]:
            count = tf.where(tf.equal(at, steps - 1), last, self.batch_size)[:, tf.newaxis]
            real = place < count
            share = tf.cast(real, tf.float32) / tf.cast(count, tf.float32)
            bits = [tf.gather(layer[:, at], luck.seed) for layer in luck.bits]
            weights = self._read(state)
            trained = self._trained(weights)
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(trained)
                logits, moved = training_logits(
                    self.architecture,
                    weights,
                    tf.gather(table.x, rows[at]),
                    share,
                    dict(zip(self.masked, bits, strict=True)),
                    strengths,
                )
                losses = row_losses(logits, tf.gather(table.y, rows[at]))
                objective = losses * share
            gradients = self._penalized(tape.gradient(objective, trained), trained, strengths)
            self._update(state, gradients, moved, taken + tf.cast(at + 1, tf.float32), rate)
            return at + 1, total + tf.reduce_sum(tf.where(real, losses, 0.0), axis=1)

        return _repeat(step, steps, members)

    def _penalized(
        self, gradients: list[Tensor], trained: list[Tensor], strengths: Strengths
    ) -> list[Tensor]:
        chosen = [n for n, spec in enumerate(self.trained) if spec.penalized]
        if not chosen:
            return gradients
        added = penalized(
            [gradients[n] for n in chosen], [trained[n] for n in chosen], strengths.l1, strengths.l2
        )
        of = dict(zip(chosen, added, strict=True))
        return [of.get(n, gradient) for n, gradient in enumerate(gradients)]

    def _update(
        self,
        state: State,
        gradients: list[Tensor],
        moved: list[Tensor],
        number: Tensor,
        rate: Tensor,
    ) -> None:
        moments = zip(
            self._trained(state.weights), state.means, state.squares, gradients, strict=True
        )
        for weight, mean, square, gradient in moments:
            adam(weight, mean, square, gradient, number, rate)
        still = [not spec.trainable for spec in self.specs]
        for handle, value in zip(itertools.compress(state.weights, still), moved, strict=True):
            tf.raw_ops.AssignVariableOp(resource=handle, value=value)

    def _evaluate(
        self, state: State, table: Table, rows: Tensor, count: Tensor, bars: Tensor
    ) -> Tensor:
        """Sum of the stop rows' losses, (member,); weights that get below the bar are kept.

        rows: (block, member, row), of which the first `count` (member,) count.
        """
        TRACES.append("evaluate")
        weights = self._read(state)
        steps, members, length = tf.unstack(tf.shape(rows))

        def block(at: Tensor, total: Tensor) -> tuple[Tensor, Tensor]:
            logits = inference_logits(self.architecture, weights, tf.gather(table.x, rows[at]))
            losses = row_losses(logits, tf.gather(table.y, rows[at]))
            real = (at * length + tf.range(length))[tf.newaxis] < count[:, tf.newaxis]
            return at + 1, total + tf.reduce_sum(tf.where(real, losses, 0.0), axis=1)

        total = _repeat(block, steps, members)
        better = tf.cast(tf.where(total < bars)[:, 0], tf.int32)
        for source, target in zip(weights, state.kept, strict=True):
            tf.raw_ops.ResourceScatterUpdate(
                resource=target, indices=better, updates=tf.gather(source, better)
            )
        return total

    def _predict(self, weights: list[Tensor], table: Table, rows: Tensor) -> Tensor:
        """Logits (member, row, output) of rows (member, row)."""
        TRACES.append("predict")
        return inference_logits(self.architecture, weights, tf.gather(table.x, rows))

    def _read(self, state: State) -> list[Tensor]:
        values = []
        for handle, spec in zip(state.weights, self.specs, strict=True):
            value = tf.raw_ops.ReadVariableOp(resource=handle, dtype=tf.float32)
            values.append(tf.ensure_shape(value, (None, *spec.stacked)))
        return values

    def _trained(self, weights: Sequence[Tensor]) -> list[Tensor]:
        return [w for w, spec in zip(weights, self.specs, strict=True) if spec.trainable]


def _repeat(body: Any, times: Tensor, members: Tensor) -> Tensor:
    """Sum (member,) that body(at, sum) -> (at + 1, sum) has gathered after so many times."""
    _, total = tf.while_loop(
        lambda at, _: at < times,
        body,
        (0, tf.zeros([members])),
        shape_invariants=(tf.TensorShape([]), tf.TensorShape([None])),
        parallel_iterations=1,
    )
    return total


@functools.lru_cache(maxsize=8)
def program(architecture: Architecture, batch_size: int) -> Program:
    """The program, traced at most once while it is remembered."""
    return Program(architecture, batch_size)
