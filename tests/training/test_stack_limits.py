"""Failures stay with their member, traces and memory stay small, fits export to Keras."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from pipeline.data.prepare import Fold
from pipeline.training import program as program_module
from pipeline.training.fit import Member
from pipeline.training.network import export_network
from pipeline.training.oracle import train_with_keras
from pipeline.training.rows import Rows, blocks
from pipeline.training.stack import member_bytes, plan, train_stack


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
        assert len(failed.log_loss) == 1


def test_a_failure_reads_like_the_oracles(make_folds, make_architecture, train, plain):
    [fold] = make_folds(fit=(37,))
    x = fold.x.copy()
    x[fold.fit[0]] = np.nan
    member = Member(Fold(x, fold.y, fold.fit, fold.stop, fold.score), plain, 1)
    train = train.model_copy(update={"max_epochs": 1})
    [ours] = train_stack([member], make_architecture(), train)
    [oracles] = train_with_keras([member], make_architecture(), train)
    assert ours.failure == oracles.failure
    assert ours.kept_epoch == oracles.kept_epoch
    assert ours.score_logits.shape == oracles.score_logits.shape


def test_one_trace_serves_stacks_of_all_sizes(make_folds, make_architecture, train, plain):
    program_module.program.cache_clear()
    program_module.TRACES.clear()
    folds = make_folds(fit=(37, 37, 36))
    stopping = plain.model_copy(update={"patience": 0, "dropout": 0.5})
    for trials in (1, 3, 2):
        members = [Member(f, r, s) for s in range(trials) for f in folds for r in (plain, stopping)]
        train_stack(members, make_architecture(), train)
    assert sorted(program_module.TRACES) == ["evaluate", "predict", "train"]


def test_folds_of_one_matrix_hold_it_once(make_folds):
    folds = make_folds(fit=(37, 36, 30, 20, 10))
    assert Rows.of(folds).table.x.shape[0] == 100
    different = [*folds, *make_folds(fit=(5,), seed=8)]
    assert Rows.of(different).table.x.shape[0] == 200


def test_folds_of_different_lengths_keep_their_rows(make_folds):
    long, short = *make_folds(fit=(37,)), *make_folds(fit=(5,), seed=8)
    cut = Fold(short.x[:90], short.y[:90], short.fit, short.stop, short.score)
    rows = Rows.of([long, cut, short])
    for fold in (long, cut, short):
        np.testing.assert_array_equal(
            rows.table.x.numpy()[rows.place(fold, fold.fit)], fold.x[fold.fit]
        )
        np.testing.assert_array_equal(
            rows.table.y.numpy()[rows.place(fold, fold.fit)], fold.y[fold.fit]
        )


@pytest.mark.parametrize("rows", [1, 11, 12, 13, 24, 37])
def test_blocks_hold_each_row_once(rows):
    found = blocks(np.arange(100, 100 + rows, dtype=np.int32), 12)
    assert found.shape == (-(-rows // 12), 16)
    counted = found[:, :12].ravel()[:rows]
    np.testing.assert_array_equal(counted, np.arange(100, 100 + rows))
    assert set(found.ravel()) == set(counted)


@pytest.mark.parametrize("memory_mb", [64, 200, 1024])
def test_plan_respects_the_budget(memory_mb, make_folds, make_architecture, train, plain):
    folds = make_folds(fit=(37, 36, 38))
    members = [Member(fold, plain, seed) for seed in range(60) for fold in folds]
    architecture = make_architecture()
    train = train.model_copy(update={"memory_mb": memory_mb})
    data, lanes = 10 * 2**20, 2

    stacks = plan(members, architecture, train, data, lanes)

    assert sorted(place for stack in stacks for place in stack) == list(range(len(members)))
    for places in stacks:
        stack = sum(member_bytes(members[place], architecture, train) for place in places)
        assert data + lanes * stack <= memory_mb * 2**20 or len(places) == 1
        assert len({-(-len(members[place].fold.fit) // 12) for place in places}) == 1


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
