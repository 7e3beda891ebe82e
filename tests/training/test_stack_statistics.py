"""With their own random streams, fits of Keras and of the stack come from one distribution."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest
from scipy import stats

from pipeline.config.sections.network import LayerParams
from pipeline.config.sections.regularization import Regularization
from pipeline.config.sections.train import TrainParams
from pipeline.data.prepare import Fold
from pipeline.training.architecture import Architecture, initial_weights
from pipeline.training.arrays import FloatArray
from pipeline.training.fit import Member
from pipeline.training.network import build_network
from pipeline.training.stack import train_stack

SEEDS = 30
# The seeds are fixed, so this is no lottery: a machine that passes once passes always.
LEVEL = 0.01


@pytest.mark.long
def test_fold_losses_are_not_distinguishable(make_folds, make_architecture, train):
    """Two-sample Kolmogorov-Smirnov on fold log losses over seeds, and a paired t-test.

    A seed gives both the same initial weights, so pairs tell more than two samples.
    """
    [fold] = make_folds(fit=(48,))
    layers = (LayerParams(units=24, dropout=True),)
    architecture = replace(make_architecture(), layers=layers)
    regularization = Regularization(dropout=0.6, l1=0.002, l2=0.002, patience=None)
    train = train.model_copy(update={"max_epochs": 8, "learning_rate": 0.03})
    members = [Member(fold, regularization, seed) for seed in range(SEEDS)]

    fits = train_stack(members, architecture, train)
    ours = np.array([log_loss(fit.score_logits, fold) for fit in fits])
    kerass = keras_log_losses(members, architecture, train)

    assert stats.ks_2samp(ours, kerass).pvalue > LEVEL
    assert stats.ttest_rel(ours, kerass).pvalue > LEVEL
    assert np.std(ours) == pytest.approx(np.std(kerass), rel=0.5)


def keras_log_losses(
    members: list[Member], architecture: Architecture, train: TrainParams
) -> FloatArray:
    """Return the losses of `fit` with Keras' own shuffling and masks, on one model for all seeds.

    `train_with_keras` would trace a new model for each seed, which takes most of a minute.
    """
    fold = members[0].fold
    network = build_network(architecture, members[0].regularization)
    adam = keras.optimizers.Adam(train.learning_rate)
    network.compile(adam, "binary_crossentropy")
    adam.build(network.trainable_variables)
    start = [variable.numpy() for variable in adam.variables]
    logits = keras.Sequential([*network.layers[:-1], keras.layers.Dense(1, name="logits")])
    logits.build((None, architecture.features))
    losses = []
    for member in members:
        keras.utils.set_random_seed(member.seed)
        network.set_weights(initial_weights(architecture, member.seed))
        for variable, value in zip(adam.variables, start, strict=True):
            variable.assign(value)
        x, y = fold.x[fold.fit], fold.y[fold.fit].reshape(-1, 1)
        network.fit(x, y, batch_size=train.batch_size, epochs=train.max_epochs, verbose=0)
        logits.set_weights(network.get_weights())
        outputs = logits(fold.x[fold.score]).numpy()
        losses.append(log_loss(outputs, fold))
    return np.array(losses)


def log_loss(logits: FloatArray, fold: Fold) -> float:
    sign = 1 - 2 * fold.y[fold.score]
    return float(np.logaddexp(0, sign * logits[:, 0]).mean())
