"""Give a trial its values: Optuna's sampler, made a pure function of seed, number and scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import optuna
from optuna.trial import TrialState

from pipeline.config.sections.regularization import Regularization, SpaceParams
from pipeline.search.space import distributions, nearest_point

optuna.logging.set_verbosity(optuna.logging.WARNING)


class Proposals:
    """Values of trials in number order, made in memory.

    The values of a trial are a function of the entropy, its number, the scores given so far and the
    values of the trials asked for since; nothing else.
    """

    def __init__(
        self, space: SpaceParams, first: Sequence[Regularization], entropy: Sequence[int]
    ) -> None:
        """first: what the first trials try; the sampler learns from the nearest points to them."""
        self.distributions = distributions(space)
        self._entropy = tuple(entropy)
        self._study = optuna.create_study(direction="minimize")
        for regularization in first:
            self._study.enqueue_trial(nearest_point(regularization, space))

    def ask(self, number: int) -> dict[str, Any]:
        """Propose the values of the trial that has this number."""
        # A sampler built once would propose the same points again after a restart.
        seed = np.random.SeedSequence([*self._entropy, number]).generate_state(1)
        self._study.sampler = optuna.samplers.TPESampler(seed=int(seed[0]))
        return self._study.ask(self.distributions).params

    def tell(self, number: int, loss: float | None) -> None:
        """Record a trial's loss, None if the trial failed."""
        state = TrialState.FAIL if loss is None else TrialState.COMPLETE
        self._study.tell(number, loss, state)
