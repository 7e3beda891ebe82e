"""A search in memory: a fixed design first, then waves of proposals that build on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from pipeline.config.sections.regularization import Regularization, SpaceParams
from pipeline.search.proposals import Proposals

TrialResult = TypeVar("TrialResult")


def search_in_memory(
    design: Sequence[Regularization],
    space: SpaceParams,
    trials: int,
    batch: int,
    entropy: Sequence[int],
    train: Callable[[Sequence[Regularization]], Sequence[TrialResult]],
    loss: Callable[[TrialResult], float | None],
) -> list[tuple[Regularization, TrialResult]]:
    """Return each trial's values and what came of them, in number order.

    The whole design is tried, in one wave; then the sampler proposes waves of `batch` until there
    are `trials` in all. A pure function of its arguments, if train and loss are. loss: None for a
    trial that failed.
    """
    proposals = Proposals(space, design, entropy)
    done: list[tuple[Regularization, TrialResult]] = []

    def try_wave(wave: Sequence[Regularization]) -> None:
        outcomes = train(wave)
        for number, outcome in enumerate(outcomes, len(done)):
            proposals.tell(number, loss(outcome))
        done.extend(zip(wave, outcomes, strict=True))

    for number in range(len(design)):
        proposals.ask(number)
    try_wave(design)
    while len(done) < trials:
        numbers = range(len(done), min(len(done) + batch, trials))
        try_wave([Regularization.model_validate(proposals.ask(number)) for number in numbers])
    return done
