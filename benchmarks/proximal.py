"""Is a proximal step worth having? Adam under an L1 penalty, and with the penalty's proximal step.

The step is that of ProxGen (Yun, Lozano and Yang 2021): Adam moves the weights by
the gradient of the log loss alone, then each shrinks towards 0 by the penalty's strength times its
own step length, and those that would cross 0 rest there. Both minimize the same penalized loss.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.special import expit

from benchmarks.workload import default_architecture, default_folds
from pipeline.data.prepare import Fold
from pipeline.tasks.classification import row_log_loss
from pipeline.training.architecture import initial_weights
from pipeline.training.arrays import FloatArray
from pipeline.training.random_streams import batch_order

STRENGTHS = (1e-5, 1e-4, 5.62e-4, 3e-3)
SEEDS, EPOCHS, BATCH, RATE = 2, 100, 32, 0.001
MEAN_DECAY, SQUARE_DECAY, EPSILON = 0.9, 0.999, 1e-7


def proximal() -> dict[str, dict[str, float]]:
    """Per method and strength, means over folds and seeds of the default table and network."""
    folds = default_folds()
    found = {}
    for strength in STRENGTHS:
        for method in ("Adam", "Adam, proximal step"):
            figures = [
                _figures(_fit(fold, seed, strength, method != "Adam"), fold)
                for fold in folds
                for seed in range(SEEDS)
            ]
            found[f"{method}, L1 {strength:g}"] = {
                name: float(np.mean([one[name] for one in figures])) for name in figures[0]
            }
    return found


def _fit(fold: Fold, seed: int, strength: float, steps_proximally: bool) -> list[FloatArray]:
    """Weights after all epochs: kernel and bias of each layer. The output is not penalized."""
    weights = [array.copy() for array in initial_weights(default_architecture(), seed)]
    penalized = range(0, len(weights) - 2, 2)
    mean = [np.zeros_like(array) for array in weights]
    square = [np.zeros_like(array) for array in weights]
    step = 0
    for epoch in range(EPOCHS):
        order = fold.fit[batch_order(seed, epoch, len(fold.fit))]
        for start in range(0, len(order), BATCH):
            step += 1
            rows = order[start : start + BATCH]
            gradients = _gradients(weights, fold.x[rows], fold.y[rows])
            rate = RATE / (1 - MEAN_DECAY**step)
            for place, gradient in enumerate(gradients):
                pull = strength if place in penalized else 0.0
                if not steps_proximally:
                    gradient = gradient + np.float32(pull) * np.sign(weights[place])
                mean[place] += (1 - MEAN_DECAY) * (gradient - mean[place])
                square[place] += (1 - SQUARE_DECAY) * (gradient**2 - square[place])
                length = 1 / (np.sqrt(square[place] / (1 - SQUARE_DECAY**step)) + EPSILON)
                moved = weights[place] - rate * length * mean[place]
                if steps_proximally and pull:
                    moved = np.sign(moved) * np.maximum(np.abs(moved) - RATE * length * pull, 0)
                weights[place] = moved.astype(np.float32)
    return weights


def _forward(weights: list[FloatArray], x: FloatArray) -> list[FloatArray]:
    """Activations of each layer, the input first and the logits last."""
    layers = [x]
    for kernel, bias in pairwise(weights[:-2]):
        if kernel.ndim == 2:
            layers.append(np.maximum(layers[-1] @ kernel + bias, 0))
    return [*layers, layers[-1] @ weights[-2] + weights[-1]]


def _gradients(weights: list[FloatArray], x: FloatArray, y: np.ndarray) -> list[FloatArray]:
    """Return the gradients of the mean log loss, in the order of the weights."""
    *layers, logits = _forward(weights, x)
    error = (expit(logits) - y[:, None]) / np.float32(len(x))
    found: list[FloatArray] = []
    for place in range(len(layers) - 1, -1, -1):
        found = [layers[place].T @ error, error.sum(0), *found]
        error = error @ weights[2 * place].T * (layers[place] > 0)
    return found


def _figures(weights: list[FloatArray], fold: Fold) -> dict[str, float]:
    kernels = weights[:-2:2]
    small = [
        np.where(np.abs(array) < RATE, np.float32(0), array) if array.ndim == 2 else array
        for array in weights
    ]
    sizes = np.abs(np.concatenate([kernel.ravel() for kernel in kernels]))
    return {
        "exactly 0, %": 100 * float((sizes == 0).mean()),
        f"below {RATE:g}, %": 100 * float((sizes < RATE).mean()),
        "held-out log loss": _log_loss(weights, fold),
        "without small weights": _log_loss(small, fold),
    }


def _log_loss(weights: list[FloatArray], fold: Fold) -> float:
    return float(row_log_loss(_forward(weights, fold.x[fold.score])[-1], fold.y[fold.score]).mean())
