"""Failures stay with their member, compilations stay few, fits export to Keras."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest

from pipeline.data.prepare import Fold
from pipeline.training import kernels
from pipeline.training.fit import Member
from pipeline.training.keras_trainer import train_with_keras
from pipeline.training.network import export_network
from pipeline.training.stack import train_stack


@pytest.mark.parametrize("poison", [1e30, np.inf, np.nan])
@pytest.mark.parametrize("role", ["fit", "stop"])
def test_a_diverging_member_fails_alone(poison, role, make_folds, make_architecture, train, plain):
    sane, other = make_folds(fit=(37, 37))
    x = other.x.copy()
    x[getattr(other, role)[3]] = poison
    sick = Fold(x, other.y, other.fit, other.stop, other.score)
    # Linear layers, so that no activation hides a large input.
    architecture = make_architecture()
    linear = tuple(x.model_copy(update={"activation": "linear"}) for x in architecture.layers)
    architecture = type(architecture)(5, 2, linear, False, False)

    members = [Member(fold, plain, 1) for fold in (sane, sick, sane)]
    alone, [before, failed, after] = (
        train_stack(members[:1], architecture, train)[0],
        train_stack(members, architecture, train),
    )

    assert before.failure is None
    for fit in (before, after):
        for mine, theirs in zip(fit.weights, alone.weights, strict=True):
            assert mine.tobytes() == theirs.tobytes()
    if not np.isfinite(poison):
        assert failed.failure == "the loss was not finite in epoch 1"
        assert failed.weights == []
        assert failed.score_logits.shape == (0, 1)
        assert len(failed.loss) == 1


def test_a_failure_reads_like_that_of_keras(make_folds, make_architecture, train, plain):
    [fold] = make_folds(fit=(37,))
    x = fold.x.copy()
    x[fold.fit[0]] = np.nan
    member = Member(Fold(x, fold.y, fold.fit, fold.stop, fold.score), plain, 1)
    train = train.model_copy(update={"max_epochs": 1})
    [ours] = train_stack([member], make_architecture(), train)
    [keras_fit] = train_with_keras([member], make_architecture(), train)
    assert ours.failure == keras_fit.failure
    assert ours.kept_epoch == keras_fit.kept_epoch
    assert ours.score_logits.shape == keras_fit.score_logits.shape


def test_one_compilation_serves_every_architecture(make_folds, make_architecture, train, plain):
    """Nothing compiles again for another depth, width, size of stack or kind of output."""
    stopping = plain.model_copy(update={"patience": 0, "dropout": 0.5, "l1": 0.1})
    for classes, batch_norm, trials in ((2, False, 1), (3, True, 3)):
        architecture = make_architecture(classes, batch_norm)
        folds = make_folds(classes, fit=(37, 36))
        members = [Member(f, r, s) for s in range(trials) for f in folds for r in (plain, stopping)]
        train_stack(members, architecture, train)
        shallow = replace(architecture, layers=architecture.layers[:1])
        train_stack(members, shallow, train)
        train_stack(members, replace(architecture, layers=()), train)
    for kernel in (kernels.train_epoch, kernels.loss_sum, kernels.logits):
        assert len(kernel.signatures) == 1


@pytest.mark.parametrize(("classes", "batch_norm"), [(2, False), (3, True)])
def test_a_fit_exports_to_keras(classes, batch_norm, make_folds, make_architecture, train, plain):
    [fold] = make_folds(classes, fit=(37,))
    architecture = make_architecture(classes, batch_norm)
    regularization = plain.model_copy(update={"dropout": 0.3, "l1": 0.01, "patience": 2})
    [fit] = train_stack([Member(fold, regularization, 5)], architecture, train)

    network = export_network(architecture, regularization, fit.weights)

    for mine, theirs in zip(fit.weights, network.get_weights(), strict=True):
        assert mine.tobytes() == theirs.tobytes()
    function = keras.ops.sigmoid if classes == 2 else keras.ops.softmax
    np.testing.assert_allclose(
        network.predict(fold.x[fold.score], verbose=0), function(fit.score_logits), rtol=2e-6
    )


def test_no_members_no_fits(make_architecture, train):
    assert train_stack([], make_architecture(), train) == []
