"""How much each tuned value matters, by PED-ANOVA, and how sure the trials are of it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from math import isfinite

import numpy as np
import optuna
from optuna.trial import FrozenTrial, TrialState

from pipeline.search.study import Study
from pipeline.statistics.intervals import Interval

# The quantiles of fewer trials say nothing.
MIN_TRIALS = 10
# Bootstrap resamples of the trials, and the confidence of the interval that they give.
RESAMPLES = 100
CONFIDENCE = 0.95


def importance(study: Study, resamples: int = RESAMPLES) -> dict[str, Interval]:
    """Return the share of each tuned value in what distinguishes better trials (PED-ANOVA).

    Watanabe et al. 2023 (arXiv:2304.10255). The intervals are percentiles over bootstrap resamples
    of the trials, widened to hold the share of all trials: few trials are the better ones, so what
    sets them apart may rest on one or two. Empty if there are too few trials, or if they do not
    differ.
    """
    complete = [
        trial for trial in study.as_optuna().get_trials() if trial.state == TrialState.COMPLETE
    ]
    if len(complete) < MIN_TRIALS:
        return {}
    # Without attributes, which take long to copy.
    trials = [
        optuna.trial.create_trial(
            params=trial.params, distributions=trial.distributions, value=trial.value
        )
        for trial in complete
    ]
    shares = _shares(trials)
    drawn = np.random.default_rng(len(trials)).integers(len(trials), size=(resamples, len(trials)))
    resampled = [_shares([trials[place] for place in places]) for places in drawn]
    ends = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)
    intervals = {}
    for name, share in shares.items():
        values = [share, *(found[name] for found in resampled if name in found)]
        low, high = map(float, np.quantile(values, ends))
        intervals[name] = Interval(share, min(low, share), max(high, share))
    return intervals


def _shares(trials: Sequence[FrozenTrial]) -> dict[str, float]:
    study = optuna.create_study(direction="minimize")
    study.add_trials(trials)
    with warnings.catch_warnings():
        # Optuna warns of a value whose range is a single point, and gives it no importance.
        warnings.simplefilter("ignore")
        shares = optuna.importance.get_param_importances(study)
    return {name: float(share) for name, share in shares.items() if isfinite(share)}
