"""A trainer is picked by model and wrapped by an executor, neither of which changes a fit."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import get_args

from pipeline.config.sections.train import TrainParams
from pipeline.training.architecture import Architecture
from pipeline.training.fit import Fit, Member, Trainer
from pipeline.training.stack import train_stack
from pipeline.training.trainers import TRAINERS, Model, trainer


def test_each_model_has_a_trainer() -> None:
    assert set(TRAINERS) == set(get_args(Model))


def test_built_in_model_is_trained_by_the_batched_trainer() -> None:
    assert trainer() is train_stack


def test_executor_decides_where_members_are_trained(
    make_folds, make_architecture, train, plain
) -> None:
    submitted: list[int] = []

    def on_another_thread(inner: Trainer) -> Trainer:
        def run(
            members: Sequence[Member],
            architecture: Architecture,
            train: TrainParams,
            keep_weights: bool = True,
        ) -> list[Fit]:
            submitted.append(len(members))
            with ThreadPoolExecutor(1) as pool:
                return pool.submit(inner, members, architecture, train, keep_weights).result()

        return run

    members = [Member(fold, plain, seed) for fold in make_folds(fit=(37, 36)) for seed in (1, 2)]
    elsewhere = trainer(executor=on_another_thread)(members, make_architecture(), train)
    here = trainer()(members, make_architecture(), train)

    assert submitted == [4]
    for ours, theirs in zip(here, elsewhere, strict=True):
        assert ours.val_loss.tobytes() == theirs.val_loss.tobytes()
        for mine, other in zip(ours.weights, theirs.weights, strict=True):
            assert mine.tobytes() == other.tobytes()
