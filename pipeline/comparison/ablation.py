"""The ablation: each technique alone against none, and each part of the tuned mix, on test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from statsmodels.stats.multitest import multipletests

from pipeline.config.sections.regularization import Regularization
from pipeline.evaluation.variants import MIX, Variant
from pipeline.statistics.bootstrap import mean_differences
from pipeline.statistics.intervals import Difference, Verdict
from pipeline.tasks.arrays import Floats
from pipeline.tasks.metric import Targets
from pipeline.tasks.task import Task
from pipeline.training.fit import Fit

TAIL_DRAWS = 10

# Weights of fewer dimensions are biases and scales; those of convolutions have more than two.
KERNEL_DIMENSIONS = 2


@dataclass(frozen=True)
class AblationRow:
    """One variant: means over the seeds, on test rows unless a field says otherwise.

    levels: further figures, those of the task. gap: loss on test minus that on the training rows,
    both at inference.
    near_zero: share of all kernel weights below the threshold.
    difference: loss minus that of none, with a simultaneous interval; None for none itself.
    p_holm: p-value of the difference, corrected by Holm's method.
    """

    name: str
    title: str
    regularization: Regularization
    loss: float
    levels: dict[str, float]
    train_loss: float
    gap: float
    epochs: float
    near_zero: float
    difference: Difference | None
    p_holm: float | None
    verdict: Verdict | None


@dataclass(frozen=True)
class MixPart:
    """A part of the tuned mix. difference: the loss of the mix minus that of the mix without it."""

    name: str
    title: str
    difference: Difference
    p_holm: float
    verdict: Verdict


@dataclass(frozen=True)
class Ablation:
    """All variants, the first of which is none, and the parts of the tuned mix.

    comparisons: number of variants compared with none. simultaneous, parts_simultaneous: confidence
    of each single interval, so that all intervals of a table hold together with the study's
    confidence (Bonferroni). threshold: a weight below this counts as near zero.
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
    y: Targets,
    y_train: Targets,
    seeds: Sequence[int],
    task: Task,
    *,
    resamples: int,
    confidence: float,
    threshold: float,
) -> Ablation:
    """Compare each variant's loss with that of the first, which is none.

    The mix is also compared with the mix without each part. Verdicts follow p-values corrected by
    Holm's method (1979), so that the chance of one false verdict or more in either family of
    comparisons is at most 1 - confidence. Intervals are Bonferroni's.
    """
    losses = {t.variant.name: task.row_loss(_logits(t), y) for t in trained}
    none, *others = trained
    against_none = _Family.compare(
        [losses[other.variant.name] - losses[none.variant.name] for other in others],
        resamples,
        confidence,
        seeds[0],
    )
    without = {t.variant.part: losses[t.variant.name] for t in trained}
    parts = [part for part in without if part]
    within = _Family.compare(
        [losses[MIX] - without[part] for part in parts], resamples, confidence, seeds[0]
    )
    rows = [_row(none, y, y_train, task, threshold, None, None, None)]
    for other, member in zip(others, against_none.members, strict=True):
        rows.append(_row(other, y, y_train, task, threshold, *member))
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
    """Comparisons whose p-values and intervals are corrected for their number."""

    members: list[tuple[Difference, float, Verdict]]
    simultaneous: float

    @classmethod
    def compare(
        cls, values: Sequence[Floats], resamples: int, confidence: float, seed: int
    ) -> _Family:
        """Test each comparison's mean difference. values: (seed, row) differences of each."""
        simultaneous = 1 - (1 - confidence) / max(1, len(values))
        # So many that draws are left beyond the ends of the simultaneous intervals.
        enough = max(resamples, ceil(2 * TAIL_DRAWS / (1 - simultaneous)))
        differences = mean_differences(values, enough, simultaneous, seed)
        corrected = holm([difference.p_value for difference in differences])
        members = [
            (difference, p, decide(difference, p, 1 - confidence))
            for difference, p in zip(differences, corrected, strict=True)
        ]
        return cls(members, simultaneous)


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct p-values for their number by Holm's step-down method."""
    if not p_values:
        return []
    return [float(p) for p in multipletests(p_values, method="holm")[1]]


def decide(difference: Difference, p_value: float, error_rate: float) -> Verdict:
    """Return the verdict on a difference in a loss, at this rate of false verdicts."""
    if p_value >= error_rate or difference.estimate == 0:
        return "no detectable difference"
    return "helps" if difference.estimate < 0 else "hurts"


def near_zero(weights: Sequence[np.ndarray], threshold: float) -> float:
    """Return the share of kernel weights whose absolute value is below the threshold."""
    kernels = [kernel for kernel in weights if kernel.ndim >= KERNEL_DIMENSIONS]
    small = sum(int((np.abs(kernel) < threshold).sum()) for kernel in kernels)
    # A network of a builder may have no kernel at all.
    return small / max(1, sum(kernel.size for kernel in kernels))


def _logits(trained: Trained) -> Floats:
    return np.stack([fit.score_logits for fit in trained.fits])


def _row(
    trained: Trained,
    y: Targets,
    y_train: Targets,
    task: Task,
    threshold: float,
    difference: Difference | None,
    p_holm: float | None,
    verdict: Verdict | None,
) -> AblationRow:
    outputs = np.asarray(_logits(trained), np.float64)
    loss = float(task.row_loss(_logits(trained), y).mean())
    train_loss = float(task.row_loss(trained.train_logits, y_train).mean())
    return AblationRow(
        name=trained.variant.name,
        title=trained.variant.title,
        regularization=trained.variant.regularization,
        loss=loss,
        levels={
            level.name: float(np.mean([level.value(network, y) for network in outputs]))
            for level in task.levels
        },
        train_loss=train_loss,
        gap=loss - train_loss,
        epochs=float(np.mean([len(fit.val_loss) for fit in trained.fits])),
        near_zero=float(np.mean([near_zero(fit.weights, threshold) for fit in trained.fits])),
        difference=difference,
        p_holm=p_holm,
        verdict=verdict,
    )
