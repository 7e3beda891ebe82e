"""Compute the outputs of fitted networks on any number of rows."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from threadpoolctl import threadpool_limits

from pipeline.config.sections.regularization import OFF, Regularization
from pipeline.training import kernels
from pipeline.training.architecture import Architecture
from pipeline.training.arrays import FloatArray
from pipeline.training.builder_trainer import built_outputs
from pipeline.training.layout import BLOCK_ROWS, Layout, Workspace
from pipeline.training.strengths import NO_STRENGTHS


def forward(
    architecture: Architecture,
    networks: Sequence[list[FloatArray]],
    x: FloatArray,
    regularization: Regularization = OFF,
) -> FloatArray:
    """Return the logits (network, row, output) of each network on the same rows, at inference.

    networks: each one's weights, in the order of `keras.Model.get_weights()`. x: (row, feature).
    regularization: what they were trained with, which a builder may make layers of.
    """
    if architecture.builder:
        return built_outputs(architecture, regularization, networks, x)
    layout, rows = Layout.of(architecture), np.arange(len(x), dtype=np.int32)
    matrix = np.ascontiguousarray(x, np.float32)

    def logits(weights: list[FloatArray]) -> FloatArray:
        flat = np.concatenate([np.asarray(array, np.float32).ravel() for array in weights])
        work = Workspace.of(architecture, BLOCK_ROWS)
        return kernels.logits(layout, flat, work, matrix, rows, BLOCK_ROWS, NO_STRENGTHS)

    with (
        threadpool_limits(1, "blas"),
        ThreadPoolExecutor(min(os.cpu_count() or 1, len(networks))) as pool,
    ):
        return np.stack(list(pool.map(logits, networks)))
