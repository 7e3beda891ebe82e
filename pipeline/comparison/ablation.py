"""Which technique buys what: alone against none, and within the tuned mix; on the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from statsmodels.stats.multitest import multipletests

from pipeline.comparison.variants import MIX, Variant
from pipeline.config.sections.regularization import Regularization
from pipeline.statistics.bootstrap import mean_differences
from pipeline.statistics.intervals import Difference, Verdict
from pipeline.tasks import classification as metrics
from pipeline.tasks.classification import Floats, Labels
from pipeline.training.fit import Fit

TAIL_DRAWS = 10


@dataclass(frozen=True)
class AblationRow:
    """One variant: means over the seeds, on test rows unless said otherwise.

    gap: log loss on test minus on the training rows, both at inference.
    near_zero: share of all kernel weights below the threshold.
    difference: log loss minus that of none, None for none itself; its interval is simultaneous.
    p_holm: its p-value, corrected by Holm.
    """

    name: str
    title: str
    regularization: Regularization
    log_loss: float
    accuracy: float
    roc_auc: float
    calibration_error: float
    train_log_loss: float
    gap: float
    epochs: float
    near_zero: float
    difference: Difference | None
    p_holm: float | None
    verdict: Verdict | None


@dataclass(frozen=True)
class MixPart:
    """A part of the tuned mix. difference: log loss of the mix minus that of the mix without it."""

    name: str
    title: str
    difference: Difference
    p_holm: float
    verdict: Verdict


@dataclass(frozen=True)
class Ablation:
    """All variants, the first of which is none, and the parts of the tuned mix.

    comparisons: number of variants compared with none. simultaneous, parts_simultaneous: confidence
    of each interval alone, so that all of its table hold together with the study's confidence
    (Bonferroni). threshold: below this a weight counts as near zero.
    """

    rows: tuple[AblationRow, ...]
    parts: tuple[MixPart, ...]
    seeds: tuple[int, ...]
    comparisons: int
    simultaneous: float
    parts_simultaneous: float
    threshold: float


@dataclass(frozen=True, eq=False)
class Trained:
    """The networks of one variant, in the order of the seeds.

    train_logits: (seed, training row, output), at inference.
    """

    variant: Variant
    fits: Sequence[Fit]
    train_logits: Floats


def ablate(
    trained: Sequence[Trained],
    y: Labels,
    y_train: Labels,
    seeds: Sequence[int],
    *,
    resamples: int,
    confidence: float,
    threshold: float,
) -> Ablation:
    """Compare each variant's log loss with that of the first, which is none.

    The mix is compared with the mix without each part too. Verdicts follow p-values corrected by
    Holm (1979), so that the chance of one false verdict or more in either family of comparisons is
    at most 1 - confidence. Intervals are Bonferroni's.
    """
    losses = {one.variant.name: metrics.row_log_loss(_logits(one), y) for one in trained}
    none = losses[trained[0].variant.name]
    against_none = _Family.of(
        [losses[one.variant.name] - none for one in trained[1:]], resamples, confidence, seeds[0]
    )
    without = {one.variant.part: losses[one.variant.name] for one in trained}
    parts = [part for part in without if part]
    within = _Family.of(
        [losses[MIX] - without[part] for part in parts], resamples, confidence, seeds[0]
    )
    rows = [_row(trained[0], y, y_train, threshold, None, None, None)]
    for one, found in zip(trained[1:], against_none.members, strict=True):
        rows.append(_row(one, y, y_train, threshold, *found))
    return Ablation(
        rows=tuple(rows),
        parts=tuple(
            MixPart(part.name, part.title, *member)
            for part, member in zip(parts, within.members, strict=True)
        ),
        seeds=tuple(seeds),
        comparisons=len(rows) - 1,
        simultaneous=against_none.simultaneous,
        parts_simultaneous=within.simultaneous,
        threshold=threshold,
    )


@dataclass(frozen=True)
class _Family:
    """Comparisons that are corrected for each other."""

    members: list[tuple[Difference, float, Verdict]]
    simultaneous: float

    @classmethod
    def of(cls, values: Sequence[Floats], resamples: int, confidence: float, seed: int) -> _Family:
        """values: (seed, row) differences of each comparison."""
        simultaneous = 1 - (1 - confidence) / max(1, len(values))
        # So many that draws are left beyond the ends of the simultaneous intervals.
        enough = max(resamples, ceil(2 * TAIL_DRAWS / (1 - simultaneous)))
        found = mean_differences(values, enough, simultaneous, seed)
        corrected = holm([one.p_value for one in found])
        members = [
            (one, p, decide(one, p, 1 - confidence))
            for one, p in zip(found, corrected, strict=True)
        ]
        return cls(members, simultaneous)


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values corrected for their number by Holm's step-down method."""
    if not p_values:
        return []
    return [float(p) for p in multipletests(p_values, method="holm")[1]]


def decide(difference: Difference, p_value: float, error_rate: float) -> Verdict:
    """What a difference in a loss says at this rate of false verdicts."""
    if p_value >= error_rate or difference.estimate == 0:
        return "no detectable difference"
    return "helps" if difference.estimate < 0 else "hurts"


def near_zero(weights: Sequence[np.ndarray], threshold: float) -> float:
    """Share of kernel weights whose size is below the threshold."""
    kernels = [kernel for kernel in weights if kernel.ndim == 2]
    small = sum(int((np.abs(kernel) < threshold).sum()) for kernel in kernels)
    return small / sum(kernel.size for kernel in kernels)


def _logits(trained: Trained) -> Floats:
    return np.stack([fit.score_logits for fit in trained.fits])


def _row(
    trained: Trained,
    y: Labels,
    y_train: Labels,
    threshold: float,
    difference: Difference | None,
    p_holm: float | None,
    verdict: Verdict | None,
) -> AblationRow:
    p = metrics.probabilities(_logits(trained))
    log_loss = float(metrics.row_log_loss(_logits(trained), y).mean())
    train_log_loss = float(metrics.row_log_loss(trained.train_logits, y_train).mean())
    return AblationRow(
        name=trained.variant.name,
        title=trained.variant.title,
        regularization=trained.variant.regularization,
        log_loss=log_loss,
        accuracy=float(np.mean([metrics.accuracy(one, y) for one in p])),
        roc_auc=float(np.mean([metrics.roc_auc(one, y) for one in p])),
        calibration_error=float(np.mean([metrics.calibration_error(one, y) for one in p])),
        train_log_loss=train_log_loss,
        gap=log_loss - train_log_loss,
        epochs=float(np.mean([len(fit.val_loss) for fit in trained.fits])),
        near_zero=float(np.mean([near_zero(fit.weights, threshold) for fit in trained.fits])),
        difference=difference,
        p_holm=p_holm,
        verdict=verdict,
    )
