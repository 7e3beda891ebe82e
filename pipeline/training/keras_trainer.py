"""Train with one `keras.Model.fit` per member: what the batched trainer is compared with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.config.sections.train import TrainParams
from pipeline.training._tensorflow import keras
from pipeline.training.architecture import Architecture, initial_weights
from pipeline.training.arrays import FloatArray
from pipeline.training.fit import Fit, Member
from pipeline.training.network import build_network

# The name of the loss without penalties among Keras' metrics.
ALONE = "loss_alone"


def train_with_keras(
    members: Sequence[Member], architecture: Architecture, train: TrainParams
) -> list[Fit]:
    """Train the members one after another, as a hand-written loop would."""
    return [_fit(member, architecture, train) for member in members]


def _fit(member: Member, architecture: Architecture, train: TrainParams) -> Fit:
    # Clearing the session wipes the seed, so it comes first.
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(member.seed)
    network = build_network(architecture, member.regularization)
    network.set_weights(initial_weights(architecture, member.seed))
    loss, metric = _loss_and_metric(architecture, train)
    fold, patience = member.fold, member.regularization.patience
    network.compile(optimizer(train, len(fold.fit)), loss, metrics=[metric])
    callbacks: list[keras.callbacks.Callback] = [keras.callbacks.TerminateOnNaN()]
    if patience is not None:
        # Monitor the metric and not val_loss, which contains the penalty.
        stop = keras.callbacks.EarlyStopping(
            f"val_{ALONE}", mode="min", patience=patience, restore_best_weights=True
        )
        callbacks.append(stop)
    x, y, weight = fold.x, fold.y.reshape(-1, 1), fold.class_weight
    history = network.fit(
        x[fold.fit],
        y[fold.fit],
        validation_data=(x[fold.stop], y[fold.stop]),
        batch_size=train.batch_size,
        epochs=train.max_epochs,
        callbacks=callbacks,
        class_weight=None if weight is None else dict(enumerate(weight.tolist())),
        verbose=0,
    ).history
    losses = np.asarray(history[ALONE])
    val_losses = np.asarray(history.get(f"val_{ALONE}", []))
    # Look at weights too: Keras clips probabilities, so that even NaN gives a finite loss.
    finite = all(np.isfinite(array).all() for array in [*history.values(), *network.get_weights()])
    if not finite or len(val_losses) < len(losses):
        failure = f"the loss was not finite in epoch {len(losses)}"
        empty = np.empty((0, architecture.outputs))
        return Fit([], losses, val_losses, len(losses) - 1, empty, failure)
    kept = int(val_losses.argmin()) if patience is not None else len(losses) - 1
    logits = fold.in_units(_logits(network, x[fold.score]))
    return Fit(network.get_weights(), losses, val_losses, kept, logits)


def _loss_and_metric(
    architecture: Architecture, train: TrainParams
) -> tuple[keras.losses.Loss | str, keras.metrics.Metric]:
    """Return the loss of a fit, and the same without penalties as a metric."""
    if architecture.classes == 0:
        loss = (
            keras.losses.Huber(delta=train.huber_delta)
            if train.loss == "huber"
            else keras.losses.MeanSquaredError()
        )
        return loss, keras.metrics.MeanMetricWrapper(loss, name=ALONE)
    if architecture.outputs == 1:
        return "binary_crossentropy", keras.metrics.BinaryCrossentropy(name=ALONE)
    metric = keras.metrics.SparseCategoricalCrossentropy(name=ALONE)
    return "sparse_categorical_crossentropy", metric


def optimizer(train: TrainParams, rows: int) -> keras.optimizers.Optimizer:
    """Return the Adam of a fit on so many rows, with its learning-rate schedule."""
    rate = train.learning_rate
    if train.schedule == "cosine":
        steps = train.max_epochs * -(-rows // train.batch_size)
        rate = keras.optimizers.schedules.CosineDecay(rate, steps)
    return keras.optimizers.Adam(rate)


def _logits(network: keras.Sequential, x: FloatArray) -> FloatArray:
    output = network.layers[-1]
    kernel, bias = output.get_weights()
    hidden = x
    for layer in network.layers[:-1]:
        hidden = layer(hidden, training=False)
    logits: FloatArray = np.asarray(hidden) @ kernel + bias
    return logits
