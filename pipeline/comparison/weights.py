"""The sizes of the weights that each technique leaves, and what the small ones contribute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.comparison.ablation import KERNEL_DIMENSIONS, near_zero
from pipeline.data.prepare import Fold
from pipeline.evaluation.variants import Variant
from pipeline.tasks.known import task_of
from pipeline.training.architecture import Architecture
from pipeline.training.arrays import FloatArray
from pipeline.training.fit import Fit
from pipeline.training.forward import forward

# Absolute values by half decades; smaller and larger ones are in the first and the last bin.
EDGES = tuple(float(f"{10**power:.3g}") for power in np.arange(-7, 1.01, 0.5))
SHOWN = ("none", "l1", "l2", "tuned")
# Networks of each variant, at most: their weights, tens of thousands in each, hardly differ.
SHOWN_SEEDS = 5


@dataclass(frozen=True)
class WeightSizes:
    """Kernel weights of the first `SHOWN_SEEDS` networks of one variant, taken together.

    shares: shares of the weights between consecutive `EDGES`. exact_zero, below: shares that are
    exactly 0, and below the threshold. pruned_loss: the loss on test when all weights below the
    threshold are set to 0.
    """

    name: str
    title: str
    shares: tuple[float, ...]
    exact_zero: float
    below: float
    loss: float
    pruned_loss: float


def weight_sizes(
    variants: Sequence[tuple[Variant, Sequence[Fit]]],
    architecture: Architecture,
    fold: Fold,
    threshold: float,
) -> tuple[WeightSizes, ...]:
    """Measure the weights of the variants that `SHOWN` names, as far as they were trained."""
    y, task = fold.actual[fold.score], task_of(architecture.classes)
    result = []
    for variant, trained in variants:
        if variant.name not in SHOWN:
            continue
        fits = trained[:SHOWN_SEEDS]
        sizes = np.abs(np.concatenate([k.ravel() for fit in fits for k in _kernels(fit.weights)]))
        counts, _ = np.histogram(np.clip(sizes, EDGES[0], EDGES[-1]), EDGES)
        pruned = forward(
            architecture,
            [_pruned(fit.weights, threshold) for fit in fits],
            fold.x[fold.score],
            variant.regularization,
        )
        result.append(
            WeightSizes(
                variant.name,
                variant.title,
                tuple((counts / len(sizes)).tolist()),
                float((sizes == 0).mean()),
                float(np.mean([near_zero(fit.weights, threshold) for fit in fits])),
                float(np.mean([task.row_loss(fit.score_logits, y).mean() for fit in fits])),
                float(task.row_loss(fold.in_units(pruned), y).mean()),
            )
        )
    return tuple(result)


def _kernels(weights: Sequence[FloatArray]) -> list[FloatArray]:
    return [array for array in weights if array.ndim >= KERNEL_DIMENSIONS]


def _pruned(weights: Sequence[FloatArray], threshold: float) -> list[FloatArray]:
    return [
        np.where(np.abs(array) < threshold, np.float32(0), array)
        if array.ndim >= KERNEL_DIMENSIONS
        else array
        for array in weights
    ]
