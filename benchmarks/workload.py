"""Define what is timed: the default network on the default data, and the MNIST network."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from sklearn.datasets import load_breast_cancer

from pipeline.config.params import load_params
from pipeline.config.sections.network import LayerParams, NetworkParams
from pipeline.config.sections.regularization import Regularization
from pipeline.data.prepare import Fold
from pipeline.training.architecture import Architecture
from pipeline.training.fit import Member

STOP_SHARE, SCORE_SHARE = 0.15, 0.2
MNIST_FEATURES, MNIST_CLASSES, MNIST_BATCH = 784, 10, 64
# Trains every epoch to the end, so that all sides do the same work.
REGULARIZATION = Regularization(dropout=0.3, l1=1e-6, l2=1e-4, patience=None)


def default_folds(folds: int = 5, times: int = 1) -> list[Fold]:
    """Folds of the breast-cancer table, its rows repeated `times` times."""
    bunch = load_breast_cancer()
    x = np.tile(bunch.data, (times, 1))
    y = np.tile(1 - bunch.target, times)
    x = ((x - x.min(0)) / np.ptp(x, axis=0)).astype(np.float32)
    return _folds(x, y.astype(np.int32), folds)


def mnist_like_folds(rows: int, folds: int) -> list[Fold]:
    """Folds of random rows in MNIST's shape: speed does not depend on what they show."""
    rng = np.random.default_rng(0)
    x = rng.random((rows, MNIST_FEATURES), np.float32)
    return _folds(x, rng.integers(0, MNIST_CLASSES, rows).astype(np.int32), folds)


def default_architecture() -> Architecture:
    """The network of params.yaml."""
    return Architecture.of(load_params().network, features=30, classes=2)


def mnist_architecture() -> Architecture:
    """784-128-64-10 with dropout after both hidden layers."""
    layers = tuple(LayerParams(units=units, dropout=True) for units in (128, 64))
    network = NetworkParams(layers=layers, penalize_output=False, batch_norm=False)
    return Architecture.of(network, MNIST_FEATURES, MNIST_CLASSES)


def members(folds: list[Fold], count: int) -> list[Member]:
    """Members spread over the folds."""
    return [Member(folds[n % len(folds)], REGULARIZATION, seed=0) for n in range(count)]


def flops(architecture: Architecture, fit_rows: int, stop_rows: int) -> float:
    """Floating-point operations of the matrix products of one member and epoch.

    Two a weight and row for the product forward, two for the gradient of the kernel, two for that
    of the input, which the first layer does not need; and forward once over the stop rows.
    """
    widths = [architecture.features, *(layer.units for layer in architecture.layers)]
    widths.append(architecture.outputs)
    sizes = [fan_in * fan_out for fan_in, fan_out in pairwise(widths)]
    return float(2 * fit_rows * (3 * sum(sizes) - sizes[0]) + 2 * stop_rows * sum(sizes))


def _folds(x: np.ndarray, y: np.ndarray, count: int) -> list[Fold]:
    order = np.random.default_rng(1).permutation(len(x)).astype(np.int32)
    stop = order[: round(STOP_SHARE * len(x))]
    train = order[2 * len(stop) :]
    parts = np.array_split(train, count)
    return [
        Fold(x, y, np.concatenate(parts[:k] + parts[k + 1 :]), stop, parts[k]) for k in range(count)
    ]
