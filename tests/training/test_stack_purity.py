"""A member's fit depends on the member alone, to the last bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.config.sections.regularization import Regularization
from pipeline.training import stack
from pipeline.training.fit import Fit, Member, watched
from pipeline.training.stack import train_stack


@pytest.fixture(
    params=[(2, False), (3, True), (0, False)],
    ids=["binary", "three classes, batch norm", "a number"],
)
def problem(request, make_folds, make_architecture, train):
    classes, batch_norm = request.param
    # The last fold takes a step less than the others, and its matrix is its own.
    folds = [*make_folds(classes, (37, 38, 41)), *make_folds(classes, (31,), seed=4)]
    rng = np.random.default_rng(0)
    members = [
        Member(
            fold,
            Regularization(
                dropout=rng.uniform(0, 0.6),
                l1=10 ** rng.uniform(-5, -2),
                l2=10 ** rng.uniform(-5, -2),
                patience=patience,
            ),
            seed,
        )
        for seed, patience in ((1, 0), (2, 2), (1, 3), (3, None))
        for fold in folds
    ]
    train = train.model_copy(update={"max_epochs": 12})
    return members, make_architecture(classes, batch_norm), train


def test_same_alone_and_in_a_crowd(problem):
    members, *rest = problem
    crowd = train_stack(members, *rest)
    for place in (0, 3, 7, len(members) - 1):
        assert_same([crowd[place]], train_stack([members[place]], *rest))


def test_same_in_any_order_and_company(problem):
    members, *rest = problem
    crowd = train_stack(members, *rest)
    assert_same(crowd[::-1], train_stack(members[::-1], *rest))
    assert_same(crowd[2:9], train_stack(members[2:9], *rest))


@pytest.mark.parametrize("cores", [1, 3, 5])
def test_same_on_any_number_of_cores(problem, cores, monkeypatch):
    members, *rest = problem
    usual = train_stack(members, *rest)
    assert len({len(fit.loss) for fit in usual}) > 3, "members ought to stop at many times"
    monkeypatch.setattr(stack.os, "cpu_count", lambda: cores)
    assert_same(usual, train_stack(members, *rest))


def test_same_seed_same_random_streams_for_any_regularization(make_folds, make_architecture, train):
    """Common random numbers: rate 0 and a rate too low to drop anything give the same fit."""
    [fold] = make_folds(fit=(37,))
    nothing = Regularization(dropout=0.0, l1=0.0, l2=0.0, patience=None)
    hardly = nothing.model_copy(update={"dropout": 1e-7})
    architecture = make_architecture()
    a, b, other = train_stack(
        [Member(fold, nothing, 1), Member(fold, hardly, 1), Member(fold, nothing, 2)],
        architecture,
        train,
    )
    np.testing.assert_allclose(a.loss, b.loss, rtol=1e-5)
    assert not np.allclose(a.loss, other.loss, rtol=1e-3)


@pytest.mark.parametrize("cores", [1, 2])
def test_members_that_differ_in_patience_alone_share_their_steps(problem, cores, monkeypatch):
    members, architecture, train = problem
    first, other = members[0], members[4]
    patiences = (0, 1, 2, 4, None, 2)
    family = [
        Member(
            # Some are stopped by the same rows, some by a single one.
            watched(member.fold, values) if n % 2 else member.fold,
            values,
            member.seed,
        )
        for n, patience in enumerate(patiences)
        for member in (first, other)
        for values in [member.regularization.model_copy(update={"patience": patience})]
    ]
    alone = [train_stack([member], architecture, train)[0] for member in family]
    assert len({len(fit.loss) for fit in alone[::2]}) > 2
    assert max(len(fit.loss) for fit in alone) == train.max_epochs
    epochs, real = [], stack.kernels.train_epoch

    def counted(*arguments):
        epochs.append(1)
        return real(*arguments)

    monkeypatch.setattr(stack.kernels, "train_epoch", counted)
    monkeypatch.setattr(stack.os, "cpu_count", lambda: cores)
    # Another member between them that shares nothing.
    together = train_stack([*family, members[1]], architecture, train)
    assert_same(together, [*alone, train_stack([members[1]], architecture, train)[0]])
    # The second time `members[1]` was trained is counted too.
    assert len(epochs) == 2 * train.max_epochs + 2 * len(together[-1].loss)


def test_folds_with_scales_of_their_own_answer_in_their_own_units(
    make_folds, make_architecture, train, plain
):
    [fold] = make_folds(0, (37,))
    wide = replace(fold, target=replace(fold.target, deviation=2 * fold.target.deviation))
    usual, other = train_stack(
        [Member(fold, plain, 1), Member(wide, plain, 1)], make_architecture(0), train
    )
    assert usual.loss.tobytes() == other.loss.tobytes()
    mean = fold.target.mean
    np.testing.assert_allclose(other.score_logits - mean, 2 * (usual.score_logits - mean))


def assert_same(some: list[Fit], others: list[Fit]) -> None:
    for fit, other in zip(some, others, strict=True):
        assert fit.failure is None
        assert fit.kept_epoch == other.kept_epoch
        assert fit.loss.tobytes() == other.loss.tobytes()
        assert fit.val_loss.tobytes() == other.val_loss.tobytes()
        assert fit.score_logits.tobytes() == other.score_logits.tobytes()
        for mine, theirs in zip(fit.weights, other.weights, strict=True):
            assert mine.tobytes() == theirs.tobytes()
