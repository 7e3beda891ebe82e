"""From trained networks and test rows to the comparison."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sklearn.metrics import confusion_matrix

from pipeline.comparison.networks import Networks
from pipeline.comparison.result import Candidate, Comparison, Data, Kind, sentence
from pipeline.config.sections.compare import CompareParams
from pipeline.statistics.paired import compare_paired, compare_registered, verdict
from pipeline.tasks import classification as metrics
from pipeline.tasks.classification import Floats, Labels


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
        epochs=tuple(len(fit.val_loss) for fit in networks.fits),
        val_log_loss=tuple(networks.val_log_losses),
        test={
            **metrics.score(networks.fits[place].score_logits, y),
            "calibration_error": metrics.calibration_error(p, y),
        },
        confusion=tuple(tuple(int(n) for n in row) for row in counts),
    )
