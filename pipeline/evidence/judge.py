"""From trained networks and test rows to the comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import confusion_matrix

from pipeline.evidence import metrics
from pipeline.evidence.comparison import Candidate, Comparison, Data, Kind, sentence
from pipeline.evidence.metrics import Floats, Labels
from pipeline.evidence.stats import compare_paired, compare_registered, verdict
from pipeline.params import CompareParams, Regularization
from pipeline.training.fit import Fit


@dataclass(frozen=True, eq=False)
class Networks:
    """The networks of one kind; fits are in the order of the seeds."""

    regularization: Regularization
    seeds: Sequence[int]
    fits: Sequence[Fit]

    @property
    def logits(self) -> Floats:
        """(seed, test row, output)."""
        return np.stack([fit.score_logits for fit in self.fits])

    @property
    def val_log_losses(self) -> list[float]:
        """Of the kept weights, per seed."""
        return [float(fit.val_log_loss[fit.kept_epoch]) for fit in self.fits]

    @property
    def registered(self) -> int:
        """Place of the network with the median val loss, the lower of two: typical, not lucky."""
        return int(np.argsort(self.val_log_losses, kind="stable")[(len(self.fits) - 1) // 2])


def judge(
    networks: Mapping[Kind, Networks],
    probability: Mapping[Kind, Floats],
    y: Labels,
    data: Data,
    study: tuple[str, int, int],
    compare: CompareParams,
    **parts: Any,
) -> Comparison:
    """Compare best and baseline on the test rows.

    probability: (row, class) of the registered network of each kind. y: (row,) class numbers.
    study: name, number of the best trial, number of trials. parts: further fields, as they are.
    """
    best, baseline = networks["best"], networks["baseline"]
    paired = compare_paired(
        best.logits, baseline.logits, y, compare.resamples, compare.confidence, best.seeds[0]
    )
    log_loss = paired["log_loss"]
    decision = verdict(log_loss.difference)
    name, trial, trials = study
    return Comparison(
        verdict=decision,
        sentence=sentence(decision, log_loss, len(y), compare.confidence),
        data=data,
        study=name,
        best_trial=trial,
        trials=trials,
        seeds=tuple(best.seeds),
        confidence=compare.confidence,
        resamples=compare.resamples,
        metrics=paired,
        best=_candidate(best, probability["best"], y),
        baseline=_candidate(baseline, probability["baseline"], y),
        registered_pair=compare_registered(probability["best"], probability["baseline"], y),
        **parts,
    )


def _candidate(networks: Networks, p: Floats, y: Labels) -> Candidate:
    place = networks.registered
    counts = confusion_matrix(y, p.argmax(-1), labels=range(p.shape[-1]))
    return Candidate(
        regularization=networks.regularization,
        registered_seed=networks.seeds[place],
        epochs=tuple(len(fit.val_log_loss) for fit in networks.fits),
        val_log_loss=tuple(networks.val_log_losses),
        test={
            **metrics.score(networks.fits[place].score_logits, y),
            "calibration_error": metrics.calibration_error(p, y),
        },
        confusion=tuple(tuple(int(n) for n in row) for row in counts),
    )
