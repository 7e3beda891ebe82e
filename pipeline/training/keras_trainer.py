"""Train with one `keras.Model.fit` per member: what the batched trainer is compared with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.config.sections.regularization import Regularization
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
    """Train the members one after another, as a hand-written loop would.

    Keras mixes no rows and has no proximal step; `tests/training/` holds these to references.
    """
    if any(member.regularization.mixup for member in members) or train.l1 == "proximal":
        raise ValueError("train_with_keras: want no mixup and train.l1: subgradient")
    return [_fit(member, architecture, train) for member in members]


def _fit(member: Member, architecture: Architecture, train: TrainParams) -> Fit:
    # Clearing the session wipes the seed, so it comes first.
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(member.seed)
    network = build_network(architecture, member.regularization)
    network.set_weights(initial_weights(architecture, member.seed))
    loss, metric = _loss_and_metric(architecture, train, member.regularization.label_smoothing)
    fold, patience = member.fold, member.regularization.patience
    adam = optimizer(train, len(fold.fit), member.regularization, network)
    network.compile(adam, loss, metrics=[metric])
    callbacks: list[keras.callbacks.Callback] = [keras.callbacks.TerminateOnNaN()]
    if adam.use_ema:
        # The mean of the weights is what is judged, and what early stopping keeps.
        callbacks.append(keras.callbacks.SwapEMAWeights(swap_on_epoch=True))
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
    architecture: Architecture, train: TrainParams, smoothing: float
) -> tuple[keras.losses.Loss, keras.metrics.Metric]:
    """Return the loss of a fit, and the same of plain labels and without penalties as a metric."""
    loss = training_loss(architecture, train, smoothing)
    if architecture.classes == 0:
        return loss, keras.metrics.MeanMetricWrapper(loss, name=ALONE)
    if architecture.outputs == 1:
        return loss, keras.metrics.BinaryCrossentropy(name=ALONE)
    return loss, keras.metrics.SparseCategoricalCrossentropy(name=ALONE)


def training_loss(
    architecture: Architecture, train: TrainParams, smoothing: float = 0.0
) -> keras.losses.Loss:
    """Return Keras' loss of the task, with labels smoothed by this much."""
    if architecture.classes == 0:
        huber = keras.losses.Huber(delta=train.huber_delta)
        return huber if train.loss == "huber" else keras.losses.MeanSquaredError()
    if architecture.outputs == 1:
        return keras.losses.BinaryCrossentropy(label_smoothing=smoothing)
    if smoothing == 0:
        return keras.losses.SparseCategoricalCrossentropy()
    return _SmoothedCrossentropy(architecture.classes, smoothing)


class _SmoothedCrossentropy(keras.losses.Loss):  # type: ignore[misc]
    """Keras' categorical cross-entropy of smoothed labels, from class numbers."""

    def __init__(self, classes: int, smoothing: float) -> None:
        super().__init__(name="smoothed_crossentropy")
        self._classes, self._smoothing = classes, smoothing

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """Return the loss of each row."""
        labels = keras.ops.one_hot(keras.ops.reshape(y_true, (-1,)), self._classes)
        return keras.losses.categorical_crossentropy(
            labels, y_pred, label_smoothing=self._smoothing
        )


def optimizer(
    train: TrainParams, rows: int, regularization: Regularization, network: keras.Sequential
) -> keras.optimizers.Optimizer:
    """Return the Adam of a fit on so many rows, with its learning-rate schedule.

    Weight decay acts on the kernels that penalties act on.
    """
    rate = regularization.learning_rate or train.learning_rate
    if train.schedule == "cosine":
        steps = train.max_epochs * -(-rows // train.batch_size)
        rate = keras.optimizers.schedules.CosineDecay(rate, steps)
    momentum = regularization.averaging
    mean = {"use_ema": True, "ema_momentum": momentum} if momentum else {}
    if not regularization.weight_decay:
        return keras.optimizers.Adam(rate, **mean)
    adam = keras.optimizers.AdamW(rate, weight_decay=regularization.weight_decay, **mean)
    decaying = {
        id(layer.kernel) for layer in network.layers if getattr(layer, "kernel_regularizer", None)
    }
    adam.exclude_from_weight_decay(
        [variable for variable in network.trainable_variables if id(variable) not in decaying]
    )
    return adam


def _logits(network: keras.Sequential, x: FloatArray) -> FloatArray:
    output = network.layers[-1]
    kernel, bias = output.get_weights()
    hidden = x
    for layer in network.layers[:-1]:
        hidden = layer(hidden, training=False)
    logits: FloatArray = np.asarray(hidden) @ kernel + bias
    return logits
