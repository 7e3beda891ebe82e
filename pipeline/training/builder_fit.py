"""Fit a network that a builder builds, with Keras and TensorFlow, as `keras_trainer` fits.

An epoch is one call of a traced function. Tracing takes longer than many a fit, so members that
share their regularization share a model and its trace: before each fit all variables of the model,
random seeds included, are set to those of a new model that the member's seed made.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.config.errors import InputError
from pipeline.config.sections.regularization import OFF, Regularization
from pipeline.config.sections.train import TrainParams
from pipeline.training._tensorflow import keras
from pipeline.training._tensorflow import tensorflow as tf
from pipeline.training.architecture import Architecture
from pipeline.training.arrays import FloatArray
from pipeline.training.builder_model import build_model
from pipeline.training.early_stopping import EarlyStopping
from pipeline.training.fit import Fit
from pipeline.training.keras_trainer import optimizer
from pipeline.training.random_streams import batch_order

# Rows that pass through a network together where none is trained.
BLOCK_ROWS = 512
TIMED_EPOCHS = 3


@dataclass(frozen=True, eq=False)
class FitRows:
    """The arrays of one fit, as `Fold` has them."""

    x: Any
    y: Any
    fit: npt.NDArray[np.int32]
    stop: npt.NDArray[np.int32]
    score: npt.NDArray[np.int32]
    class_weight: FloatArray | None


class TracedModel:
    """A model that is built and traced once, and fitted from many seeds."""

    def __init__(
        self, architecture: Architecture, regularization: Regularization, train: TrainParams,
        fitting_rows: int,
    ) -> None:  # fmt: skip
        self._architecture, self._regularization, self._train = architecture, regularization, train
        self._model = build_model(architecture, regularization, seed=0)
        rate = OFF.model_copy(update={"learning_rate": regularization.learning_rate})
        self._optimizer = optimizer(train, fitting_rows, rate, self._model)
        self._optimizer.build(self._model.trainable_variables)
        self._fresh_optimizer = [np.array(v) for v in map(_array, self._optimizer.variables)]
        self._row_loss = _row_loss(architecture, train)
        kind = tf.float32 if architecture.classes == 0 else tf.int32
        x = tf.TensorSpec([None, architecture.features], tf.float32)
        y, rows = tf.TensorSpec([None], kind), tf.TensorSpec([None], tf.int32)
        weight = tf.TensorSpec([None], tf.float32)
        # Without AutoGraph, as in Keras' own steps: it would rewrite what the user wrote.
        self._epoch = tf.function(self._train_epoch, [x, y, weight, rows], autograph=False)
        self._outputs = tf.function(self._all_outputs, [x, rows], autograph=False)
        self._mean_loss = tf.function(self._loss_of_rows, [x, y, rows], autograph=False)
        self._weights = self._model.weights

    def fit(self, rows: FitRows, seed: int, keep_weights: bool) -> Fit:
        """Train from a seed. The outputs are as the network gives them, on its own scale."""
        self._start(seed)
        patience, train = self._regularization.patience, self._train
        stopping, kept = EarlyStopping(patience), self._kept()
        weight = np.ones(len(rows.fit), np.float32)
        if rows.class_weight is not None:
            weight = rows.class_weight[rows.y.numpy()[rows.fit]]
        stop = tf.constant(rows.stop)
        for epoch in range(train.max_epochs):
            order = batch_order(seed, epoch, len(rows.fit))
            loss = self._epoch(rows.x, rows.y, weight[order], rows.fit[order])
            stopping.record(float(loss), float(self._mean_loss(rows.x, rows.y, stop)))
            if stopping.kept_epoch == epoch and patience is not None:
                kept = self._kept()
            if stopping.stopped:
                break
        if patience is None:
            kept = self._kept()
        failure = stopping.failure
        if failure is None and not all(np.isfinite(array).all() for array in kept):
            failure = f"the loss was not finite in epoch {len(stopping.loss)}"
        score = np.empty((0, self._architecture.outputs), np.float32)
        if failure is None:
            self._model.set_weights(kept)
            score = self._outputs(rows.x, rows.score).numpy()
        return Fit(
            kept if keep_weights and failure is None else [],
            np.array(stopping.loss),
            np.array(stopping.val_loss),
            stopping.kept_epoch,
            score,
            failure,
        )

    def epoch_seconds(self, rows: FitRows) -> float:
        """Return how long an epoch takes, its validation included; what a fit left is changed."""
        weight, stop = np.ones(len(rows.fit), np.float32), tf.constant(rows.stop)
        begun = time.perf_counter()
        for _ in range(TIMED_EPOCHS):
            float(self._epoch(rows.x, rows.y, weight, rows.fit))
            float(self._mean_loss(rows.x, rows.y, stop))
        return (time.perf_counter() - begun) / TIMED_EPOCHS

    def _kept(self) -> list[FloatArray]:
        return [_array(variable) for variable in self._weights]

    def _start(self, seed: int) -> None:
        """Set everything that a fit changes to what the seed makes of it."""
        fresh = build_model(self._architecture, self._regularization, seed)
        own, new = self._model.variables, fresh.variables
        if [v.shape for v in own] != [v.shape for v in new]:
            builder = self._architecture.builder
            raise InputError(
                f"{builder.file if builder else ''}: builds networks of different shapes for the"
                " same arguments, want always the same. Draw nothing at random but weights."
            )
        for variable, value in zip(own, new, strict=True):
            variable.assign(_array(value))
        for variable, value in zip(self._optimizer.variables, self._fresh_optimizer, strict=True):
            variable.assign(value)
        # Layers that have no seed of their own draw from the global one.
        keras.utils.set_random_seed(seed)

    def _train_epoch(self, x: Any, y: Any, weight: Any, order: Any) -> Any:
        """Take a step per batch; return the mean loss of the rows while they train, unweighted."""
        size, rows = self._train.batch_size, tf.shape(order)[0]

        def step(start: Any, total: Any) -> tuple[Any, Any]:
            # The last batch holds what is left.
            batch, weights = order[start : start + size], weight[start : start + size]
            return start + size, total + self._step(
                tf.gather(x, batch), tf.gather(y, batch), weights
            )

        start = (tf.constant(0), tf.constant(0.0))
        _, total = tf.while_loop(lambda at, _: at < rows, step, start, parallel_iterations=1)
        return total / tf.cast(rows, tf.float32)

    def _step(self, x: Any, y: Any, weight: Any) -> Any:
        variables = self._model.trainable_variables
        with tf.GradientTape() as tape:
            outputs = tf.cast(self._model(x, training=True), tf.float32)
            losses = self._row_loss(y, outputs)
            objective = tf.reduce_mean(losses * weight)
            for penalty in self._model.losses:
                objective += tf.cast(penalty, tf.float32)
        gradients = tape.gradient(objective, [variable.value for variable in variables])
        pairs = [
            (gradient, variable)
            for gradient, variable in zip(gradients, variables, strict=True)
            if gradient is not None
        ]
        if len(pairs) < len(variables):
            builder = self._architecture.builder
            unused = next(v.path for g, v in zip(gradients, variables, strict=True) if g is None)
            raise InputError(
                f"{builder.file if builder else ''}: the loss does not depend on the weights"
                f" {unused}, want all of them used. Delete the layer, or set trainable = False."
            )
        self._optimizer.apply([gradient for gradient, _ in pairs], variables)
        return tf.reduce_sum(losses)

    def _loss_of_rows(self, x: Any, y: Any, rows: Any) -> Any:
        outputs = blocks(self._model, x, rows, self._architecture.outputs)
        return tf.reduce_mean(self._row_loss(tf.gather(y, rows), outputs))

    def _all_outputs(self, x: Any, rows: Any) -> Any:
        return blocks(self._model, x, rows, self._architecture.outputs)


def blocks(model: keras.Model, x: Any, rows: Any, outputs: int) -> Any:
    """Return the (row, output) outputs on these rows, outside training; in a traced function."""
    count = tf.shape(rows)[0]
    found = tf.TensorArray(
        tf.float32, size=-(-count // BLOCK_ROWS), element_shape=[None, outputs], infer_shape=False
    )

    def block(place: Any, found: Any) -> tuple[Any, Any]:
        part = tf.gather(x, rows[place * BLOCK_ROWS : (place + 1) * BLOCK_ROWS])
        values = tf.cast(model(part, training=False), tf.float32)
        return place + 1, found.write(place, values)

    _, found = tf.while_loop(
        lambda place, _: place * BLOCK_ROWS < count,
        block,
        (tf.constant(0), found),
        parallel_iterations=1,
    )
    return found.concat()


def _row_loss(architecture: Architecture, train: TrainParams) -> Callable[[Any, Any], Any]:
    """Return the function that gives the (row,) losses of targets and outputs."""
    if architecture.classes > 2:
        return lambda y, z: tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=z)
    if architecture.classes == 2:
        return lambda y, z: tf.nn.sigmoid_cross_entropy_with_logits(
            labels=tf.cast(y, tf.float32), logits=z[:, 0]
        )
    if train.loss == "huber":
        delta = train.huber_delta

        def huber(y: Any, z: Any) -> Any:
            off = tf.abs(z[:, 0] - y)
            return tf.where(off <= delta, 0.5 * off**2, delta * off - 0.5 * delta**2)

        return huber
    return lambda y, z: tf.square(z[:, 0] - y)


def _array(variable: Any) -> Any:
    return variable.value.numpy()
