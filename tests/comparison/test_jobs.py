from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from pipeline.comparison.jobs import Job, train_jobs
from pipeline.config.errors import InputError
from pipeline.config.sections.network import LayerParams
from pipeline.config.sections.regularization import OFF
from pipeline.config.sections.train import TrainParams
from pipeline.data.prepare import Fold
from pipeline.training.architecture import Architecture
from pipeline.training.fit import Fit, Member

TRAIN = TrainParams(batch_size=8, max_epochs=2, learning_rate=0.001)
ARCHITECTURE = Architecture(2, 2, (LayerParams(units=3),), False, False)


class Recorder:
    """A trainer that answers with the seed and keeps what it was asked for."""

    def __init__(self, fail: int | None = None) -> None:
        self.calls: list[list[int]] = []
        self.kept: list[bool] = []
        self.fail = fail

    def __call__(
        self,
        members: Sequence[Member],
        architecture: Architecture,
        train: TrainParams,
        keep_weights: bool,
    ) -> list[Fit]:
        self.calls.append([member.seed for member in members])
        self.kept.append(keep_weights)
        return [
            Fit(
                [], np.zeros(1), np.zeros(1), 0, np.full((1, 1), float(member.seed)),
                "the loss was not finite in epoch 1" if member.seed == self.fail else None,
            )
            for member in members
        ]  # fmt: skip


class Clock:
    """Keeps the names of the parts it is asked to time."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    @contextmanager
    def __call__(self, part: str) -> Iterator[None]:
        self.parts.append(part)
        yield


def job(seed: int, fold: Fold, **more: object) -> Job:
    found = Job(Member(fold, OFF, seed), ARCHITECTURE, TRAIN, "the test network")
    return replace(found, **more)  # type: ignore[arg-type]


@pytest.fixture
def fold() -> Fold:
    rows = np.arange(4, dtype=np.int32)
    return Fold(np.zeros((4, 2), np.float32), rows % 2, rows[:2], rows[2:3], rows[3:])


def test_equal_jobs_are_trained_once_and_alike_ones_together(fold: Fold) -> None:
    trainer = Recorder()
    flipped = replace(ARCHITECTURE, batch_norm=True)
    shorter = TRAIN.model_copy(update={"max_epochs": 1})
    jobs = [
        job(1, fold),
        job(2, fold, architecture=flipped),
        job(3, fold),
        job(1, fold, name="the same by another name"),
        job(4, fold, train=shorter),
        job(2, fold, architecture=flipped),
        job(6, fold, keep_weights=False),
    ]
    clock = Clock()
    fits = train_jobs(
        {"first": jobs, "same": jobs[:2], "second": [job(3, fold), job(5, fold)]}, trainer, clock
    )
    told = {name: [float(fit.score_logits[0, 0]) for fit in of] for name, of in fits.items()}
    assert told == {"first": [1, 2, 3, 1, 4, 2, 6], "same": [1, 2], "second": [3, 5]}
    assert trainer.calls == [[1, 3], [2], [4], [6], [5]]
    assert trainer.kept == [True, True, True, False, True]
    # What is there already takes no time.
    assert clock.parts == ["train: first", "train: second"]


def test_a_network_without_a_finite_loss_is_named(fold: Fold) -> None:
    with pytest.raises(InputError, match="compare: the test network of seed 3 failed"):
        train_jobs({"first": [job(1, fold), job(3, fold)]}, Recorder(fail=3), Clock())
