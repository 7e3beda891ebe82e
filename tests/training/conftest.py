"""Folds and networks that train in a second, with uneven sizes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from pipeline.config.sections.network import LayerParams
from pipeline.config.sections.regularization import Regularization
from pipeline.config.sections.train import TrainParams
from pipeline.data.prepare import Fold
from pipeline.data.target import TargetScale
from pipeline.training.architecture import Architecture

MakeFolds = Callable[..., list[Fold]]
MakeArchitecture = Callable[..., Architecture]

FEATURES = 5


@pytest.fixture
def make_folds() -> MakeFolds:
    """Return a maker of folds of one noisy table.

    classes: 0 for a number to predict. fit: each fold's number of fitting rows.
    """

    def make(classes: int = 2, fit: tuple[int, ...] = (37, 37, 37), seed: int = 3) -> list[Fold]:
        rng = np.random.default_rng(seed)
        rows = 100
        x = rng.normal(size=(rows, FEATURES)).astype(np.float32)
        if classes == 0:
            return [_number_fold(x, count, rng) for count in fit]
        coefficients = rng.normal(size=(FEATURES, classes))
        y = (x @ coefficients + rng.gumbel(size=(rows, classes))).argmax(1).astype(np.int32)
        folds = []
        for count in fit:
            order = rng.permutation(80).astype(np.int32)
            stop = np.arange(80, rows, dtype=np.int32)
            folds.append(Fold(x, y, order[:count], stop, order[count : count + 23]))
        return folds

    return make


def _number_fold(x: np.ndarray, count: int, rng: np.random.Generator) -> Fold:
    """Return a fold whose target is a number far from 0, with a few rows far from the others."""
    units = 500 + 40 * (x @ rng.normal(size=FEATURES) + rng.standard_t(2, size=len(x)))
    order, stop = rng.permutation(80).astype(np.int32), np.arange(80, len(x), dtype=np.int32)
    target = TargetScale.fit(units[order[:count]], "none")
    y = target.to_network(units)
    score = order[count : count + 23]
    return Fold(x, y, order[:count], stop, score, units=units, target=target)


@pytest.fixture
def make_architecture() -> MakeArchitecture:
    def make(classes: int = 2, batch_norm: bool = False, penalize_output: bool = True):
        layers = (
            LayerParams(units=7, activation="tanh"),
            LayerParams(units=13, dropout=True),
            LayerParams(units=6, penalty=False, activation="silu", dropout=True),
        )
        return Architecture(FEATURES, classes, layers, penalize_output, batch_norm)

    return make


@pytest.fixture
def train() -> TrainParams:
    return TrainParams(batch_size=12, max_epochs=7, learning_rate=0.02)


@pytest.fixture
def plain() -> Regularization:
    return Regularization(dropout=0.0, l1=0.0, l2=0.0, patience=None)
