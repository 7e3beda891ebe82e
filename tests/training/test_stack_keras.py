"""The stack fits as Keras does, given the same initial weights, batches and dropout masks.

Both compute in float32 and differ in the order of their sums alone, by about 1e-7 each. Adam does
not amplify that here: after some dozens of steps we see 1e-6. The tolerance is 2e-5, and with batch
normalization 2e-3: a bias in front of it has a gradient of mere rounding errors, which Adam divides
by their own size, so these biases drift, and the moving means follow them late. A small learning
rate keeps the drift small.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, get_args

import keras
import numpy as np
import pytest
import tensorflow as tf

from pipeline.config.sections.network import Activation, LayerParams
from pipeline.config.sections.regularization import OFF, Regularization
from pipeline.config.sections.train import TrainParams
from pipeline.training.architecture import Architecture, initial_weights
from pipeline.training.fit import Member
from pipeline.training.keras_trainer import optimizer, train_with_keras, training_loss
from pipeline.training.kernels import TRANSPOSE_FROM
from pipeline.training.mixtures import mixing_shares
from pipeline.training.network import build_network
from pipeline.training.network_config import network_config
from pipeline.training.noise import input_noise
from pipeline.training.random_streams import batch_order, drop_threshold, mask_bits
from pipeline.training.stack import train_stack

from .conftest import MakeArchitecture, MakeFolds

TOLERANCE, NORM_TOLERANCE = 2e-5, 2e-3
NORM_LEARNING_RATE = 0.003
WEIGHTS = np.array([0.5, 3.0, 1.7], np.float32)
EPOCHS = 6
# The kernel between them is so large that the gradient is transposed instead of it.
LARGE = (LayerParams(units=150, dropout=True), LayerParams(units=TRANSPOSE_FROM // 150 + 1))


@keras.saving.register_keras_serializable()
class ForcedDropout(keras.layers.Layer):
    """Keras' dropout with a mask from outside."""

    def __init__(self, rate: float, name: str) -> None:
        super().__init__(name=name)
        self.rate = rate

    def build(self, shape) -> None:
        self.keep = tf.Variable(tf.ones((1, shape[-1])), shape=(None, shape[-1]), trainable=False)

    def call(self, inputs, training=False):
        return inputs * self.keep / (1.0 - self.rate) if training else inputs


@keras.saving.register_keras_serializable()
class ForcedNoise(keras.layers.Layer):
    """Keras' Gaussian noise with standard normal numbers from outside."""

    def __init__(self, stddev: float, name: str) -> None:
        super().__init__(name=name)
        self.deviation = stddev

    def build(self, shape) -> None:
        shape = (None, shape[-1])
        self.normal = tf.Variable(tf.zeros((1, shape[-1])), shape=shape, trainable=False)

    def call(self, inputs, training=False):
        return inputs + self.deviation * self.normal if training else inputs


FORCED = {"Dropout": "Custom>ForcedDropout", "GaussianNoise": "Custom>ForcedNoise"}


@dataclass
class KerasFit:
    loss: list[float]
    val_loss: list[float]
    kept_epoch: int
    network: keras.Model


def train_forced(member: Member, architecture: Architecture, train: TrainParams) -> KerasFit:
    """Train with Keras' own layers, losses, Adam and EarlyStopping, on the stack's streams."""
    network = keras.Sequential.from_config(with_forced_layers(architecture, member))
    network.set_weights(initial_weights(architecture, member.seed))
    log_loss = training_loss(architecture, train)
    smooth_loss = training_loss(architecture, train, member.regularization.label_smoothing)
    adam = optimizer(train, len(member.fold.fit), member.regularization, network)
    adam.build(network.trainable_variables)
    weights = member.fold.class_weight
    class_weight = tf.constant(np.ones(architecture.classes, "f4") if weights is None else weights)

    @tf.function(
        input_signature=[
            tf.TensorSpec((None, architecture.features)),
            tf.TensorSpec((None, 1), tf.int32 if architecture.classes else tf.float32),
            tf.TensorSpec((None, 1)),
        ]
    )
    def step(x, y, shares):
        """Mix each row with the next (Zhang et al. 2018): the inputs, and both labels' losses."""
        mixed = shares * x + (1 - shares) * tf.roll(x, -1, 0)
        labels = [(y, shares), (tf.roll(y, -1, 0), 1 - shares)]

        def row_weight(y, share):
            return share * tf.gather(class_weight, y) if architecture.classes else share

        with tf.GradientTape() as tape:
            p = network(mixed, training=True)
            weighted = [smooth_loss(y, p, sample_weight=row_weight(y, part)) for y, part in labels]
            penalized = tf.add_n([*weighted, *network.losses])
        variables = network.trainable_variables
        adam.apply(tape.gradient(penalized, variables), variables)
        return tf.add_n([log_loss(y, p, sample_weight=part) for y, part in labels])

    patience = member.regularization.patience
    stopper = keras.callbacks.EarlyStopping(
        "val_log_loss", mode="min", patience=patience or 0, restore_best_weights=True
    )
    network.compile(loss=log_loss, metrics=[])  # a callback may be set on compiled models alone
    stopper.set_model(network)
    stopper.on_train_begin()
    network.stop_training = False
    fold, history, val_history = member.fold, [], []
    x, y = fold.x, fold.y.reshape(-1, 1)
    for epoch in range(train.max_epochs):
        order = fold.fit[batch_order(member.seed, epoch, len(fold.fit))]
        steps = -(-len(order) // train.batch_size)
        masks = _masks(member, architecture, epoch, steps, train.batch_size)
        alpha = member.regularization.mixup
        drawn = mixing_shares(member.seed, epoch, len(order), alpha).reshape(-1, 1)
        shares = drawn if alpha else np.ones((len(order), 1), np.float32)
        total = 0.0
        for number in range(steps):
            rows = order[number * train.batch_size : (number + 1) * train.batch_size]
            for name, keep in masks.items():
                network.get_layer(name).keep.assign(keep[number, : len(rows)])
            if member.regularization.input_noise:
                normal = input_noise(member.seed, epoch, number, *x[rows].shape)
                network.get_layer("input_noise").normal.assign(normal)
            batch = slice(number * train.batch_size, (number + 1) * train.batch_size)
            total += len(rows) * float(step(x[rows], y[rows], shares[batch]))
        history.append(total / len(order))
        trained = network.get_weights()
        if adam.use_ema:
            adam.finalize_variable_values(network.trainable_variables)
        val_history.append(float(log_loss(y[fold.stop], network(x[fold.stop]))))
        if patience is not None:
            stopper.on_epoch_end(epoch, {"val_log_loss": val_history[-1]})
        if network.stop_training or epoch == train.max_epochs - 1:
            break
        network.set_weights(trained)
    if patience is not None:
        stopper.on_train_end()
    kept = epoch if patience is None else stopper.best_epoch
    return KerasFit(history, val_history, kept, network)


def with_forced_layers(architecture: Architecture, member: Member) -> dict[str, Any]:
    config = network_config(architecture, member.regularization)
    for layer in config["layers"]:
        if layer["class_name"] in FORCED:
            layer["registered_name"] = FORCED[layer["class_name"]]
    return config


def _masks(member, architecture, epoch, steps, batch_size):
    threshold = drop_threshold(member.regularization.dropout)
    return {
        f"dropout_{n + 1}": np.stack(
            [
                mask_bits(member.seed, epoch, n, step, batch_size, layer.units) >= threshold
                for step in range(steps)
            ]
        ).astype(np.float32)
        for n, layer in enumerate(architecture.layers)
        if layer.dropout
    }


REGULARIZATIONS = {
    "plain": {},
    "dropout": {"dropout": 0.4},
    "l1": {"l1": 0.01},
    "l2": {"l2": 0.02},
    "l1_l2": {"l1": 0.003, "l2": 0.02},
    "batch_norm": {},
    "early_stopping": {"patience": 1},
    "unequal_folds": {},
    "class_weight": {},
    "large_kernel": {"dropout": 0.4},
    "cosine": {},
    "weight_decay": {"weight_decay": 2.0},
    "max_norm": {"max_norm": 0.8},
    "label_smoothing": {"label_smoothing": 0.2},
    "mixup": {"mixup": 0.7},
    "input_noise": {"input_noise": 0.3},
    "averaging": {"averaging": 0.9},
    "averaging_norm": {"averaging": 0.8, "patience": 1},
    "learning_rate": {"learning_rate": 0.004},
    "cocktail": {
        "dropout": 0.3,
        "l1": 0.001,
        "l2": 0.01,
        "patience": 2,
        "weight_decay": 0.5,
        "max_norm": 1.2,
        "label_smoothing": 0.1,
        "mixup": 0.4,
        "input_noise": 0.1,
        "averaging": 0.7,
    },
    "all": {"dropout": 0.3, "l1": 0.001, "l2": 0.01, "patience": 2},
}

# Number of classes, and the loss where a number is predicted.
TASKS = [(2, "squared_error"), (3, "squared_error"), (0, "squared_error"), (0, "huber")]
# So that some errors are in either part of the loss.
HUBER_DELTA = 0.6


@pytest.mark.parametrize(("classes", "loss"), TASKS)
@pytest.mark.parametrize("case", REGULARIZATIONS)
def test_fit_equals_keras(
    case: str,
    classes: int,
    loss: str,
    make_folds: MakeFolds,
    make_architecture: MakeArchitecture,
    train: TrainParams,
    plain: Regularization,
) -> None:
    batch_norm = case in ("batch_norm", "averaging_norm", "all")
    architecture = make_architecture(classes, batch_norm)
    if case == "large_kernel":
        architecture = replace(architecture, layers=LARGE)
    rate = NORM_LEARNING_RATE if batch_norm else train.learning_rate
    schedule = "cosine" if case in ("cosine", "all") else "constant"
    update = {"max_epochs": EPOCHS, "learning_rate": rate, "schedule": schedule}
    update |= {"loss": loss, "huber_delta": HUBER_DELTA}
    train = train.model_copy(update=update)
    # 37 and 38 rows take four steps of 12, 36 rows three.
    fit = (37, 36, 38) if case in ("unequal_folds", "cocktail", "all") else (37,)
    regularization = plain.model_copy(update=REGULARIZATIONS[case])
    folds = make_folds(classes, fit)
    if case in ("class_weight", "cocktail", "all") and classes:
        folds = [replace(fold, class_weight=WEIGHTS[:classes]) for fold in folds]
    members = [Member(fold, regularization, 11) for fold in folds]

    for member, ours in zip(members, train_stack(members, architecture, train), strict=True):
        keras_fit = train_forced(member, architecture, train)

        tolerance = NORM_TOLERANCE if batch_norm else TOLERANCE
        close = {"rtol": tolerance, "atol": tolerance}
        assert ours.failure is None
        np.testing.assert_allclose(ours.loss, keras_fit.loss, **close)
        np.testing.assert_allclose(ours.val_loss, keras_fit.val_loss, **close)
        assert ours.kept_epoch == keras_fit.kept_epoch
        score = keras_fit.network(member.fold.x[member.fold.score])
        if classes:
            np.testing.assert_allclose(_probabilities(ours.score_logits), score, **close)
        else:
            in_units = member.fold.in_units(score)
            np.testing.assert_allclose(ours.score_logits, in_units, rtol=tolerance)
        if not batch_norm:
            for mine, theirs in zip(ours.weights, keras_fit.network.get_weights(), strict=True):
                np.testing.assert_allclose(mine, theirs, rtol=0, atol=10 * tolerance)


@pytest.mark.parametrize("classes", [2, 3])
def test_class_weights_are_those_of_keras_own_fit(
    classes: int, make_folds: MakeFolds, make_architecture: MakeArchitecture, train: TrainParams
) -> None:
    """Batches of all rows compare with `keras.Model.fit` in spite of its own order."""
    regularization = Regularization(dropout=0.0, l1=0.001, l2=0.01, patience=3)
    train = train.model_copy(update={"batch_size": 37, "max_epochs": 12})
    [fold] = make_folds(classes, fit=(37,))
    weighted = replace(fold, class_weight=WEIGHTS[:classes])
    members = [Member(rows, regularization, 5) for rows in (weighted, fold)]
    architecture = make_architecture(classes)

    ours, plain = train_stack(members, architecture, train)
    [keras_fit] = train_with_keras(members[:1], architecture, train)

    close = {"rtol": TOLERANCE, "atol": TOLERANCE}
    # Losses count rows equally, in training and after.
    np.testing.assert_allclose(ours.loss, keras_fit.loss, **close)
    np.testing.assert_allclose(ours.val_loss, keras_fit.val_loss, **close)
    assert ours.kept_epoch == keras_fit.kept_epoch
    for mine, theirs in zip(ours.weights, keras_fit.weights, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=0, atol=10 * TOLERANCE)
    assert not np.allclose(ours.loss, plain.loss[: len(ours.loss)], atol=0.001)


@pytest.mark.parametrize("loss", ["squared_error", "huber"])
def test_number_is_fitted_as_by_keras_own_fit(
    loss: str, make_folds: MakeFolds, make_architecture: MakeArchitecture, train: TrainParams
) -> None:
    """Batches of all rows compare with `keras.Model.fit` in spite of its own order."""
    regularization = Regularization(dropout=0.0, l1=0.001, l2=0.01, patience=3)
    update = {"batch_size": 37, "max_epochs": 12, "loss": loss, "huber_delta": HUBER_DELTA}
    [fold] = make_folds(0, fit=(37,))
    [member], architecture = [Member(fold, regularization, 5)], make_architecture(0)
    train = train.model_copy(update=update)

    [ours] = train_stack([member], architecture, train)
    [keras_fit] = train_with_keras([member], architecture, train)

    np.testing.assert_allclose(ours.loss, keras_fit.loss, rtol=TOLERANCE)
    np.testing.assert_allclose(ours.val_loss, keras_fit.val_loss, rtol=TOLERANCE)
    assert ours.kept_epoch == keras_fit.kept_epoch
    np.testing.assert_allclose(ours.score_logits, keras_fit.score_logits, rtol=TOLERANCE)
    # In the target's units, which are about 500 here, and not standardized.
    assert 300 < np.median(ours.score_logits) < 700


OWN = ["weight_decay", "max_norm", "label_smoothing", "averaging", "learning_rate"]


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("technique", OWN)
def test_technique_is_that_of_keras_own_fit(
    technique: str,
    classes: int,
    make_folds: MakeFolds,
    make_architecture: MakeArchitecture,
    train: TrainParams,
) -> None:
    """Batches of all rows compare with `keras.Model.fit` in spite of its own order."""
    regularization = Regularization(l2=0.001, patience=3, **REGULARIZATIONS[technique])
    train = train.model_copy(update={"batch_size": 37, "max_epochs": 12})
    [fold], architecture = make_folds(classes, fit=(37,)), make_architecture(classes)
    off = regularization.model_copy(update={technique: getattr(OFF, technique)})

    ours, without = train_stack(
        [Member(fold, values, 5) for values in (regularization, off)], architecture, train
    )
    [keras_fit] = train_with_keras([Member(fold, regularization, 5)], architecture, train)

    close = {"rtol": TOLERANCE, "atol": TOLERANCE}
    np.testing.assert_allclose(ours.loss, keras_fit.loss, **close)
    np.testing.assert_allclose(ours.val_loss, keras_fit.val_loss, **close)
    assert ours.kept_epoch == keras_fit.kept_epoch
    for mine, theirs in zip(ours.weights, keras_fit.weights, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=0, atol=10 * TOLERANCE)
    both = min(len(ours.val_loss), len(without.val_loss))
    assert not np.allclose(ours.val_loss[:both], without.val_loss[:both], atol=0.001)


def test_early_stopping_stops_early_and_restores(
    make_folds: MakeFolds, make_architecture: MakeArchitecture, train: TrainParams, plain
) -> None:
    """Early stopping happens, else the cases above would not be about it."""
    train = train.model_copy(update={"max_epochs": 60})
    [fold] = make_folds(fit=(37,))
    for patience in (0, 1, 4):
        regularization = plain.model_copy(update={"patience": patience})
        [fit] = train_stack([Member(fold, regularization, 11)], make_architecture(), train)
        assert len(fit.val_loss) < 60
        assert fit.kept_epoch == fit.val_loss.argmin()
        assert len(fit.val_loss) == fit.kept_epoch + 1 + max(patience, 1)


def test_activations_are_keras_own(make_folds, make_architecture, train, plain):
    names = get_args(Activation)
    layers = tuple(LayerParams(units=5 + n, activation=name) for n, name in enumerate(names))
    architecture = replace(make_architecture(), layers=layers)
    [fold] = make_folds(fit=(37,))
    train = train.model_copy(update={"max_epochs": 1})
    [fit] = train_stack([Member(fold, plain, 2)], architecture, train)
    network = build_network(architecture, plain)
    network.set_weights(fit.weights)
    np.testing.assert_allclose(
        _probabilities(fit.score_logits), network(fold.x[fold.score]), rtol=1e-5, atol=1e-6
    )


def _probabilities(logits):
    if logits.shape[1] == 1:
        return keras.ops.convert_to_numpy(keras.ops.sigmoid(logits))
    return keras.ops.convert_to_numpy(keras.ops.softmax(logits))
