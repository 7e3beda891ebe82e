"""Fitted networks of one architecture on rows of any number."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from threadpoolctl import threadpool_limits

from pipeline.training import kernels
from pipeline.training.architecture import Architecture
from pipeline.training.fit import FloatArray
from pipeline.training.layout import BLOCK_ROWS, Layout, Strengths, Work

NO_STRENGTHS = Strengths(np.float32(0), np.float32(0), np.uint16(0), np.float32(1))


def forward(
    architecture: Architecture, networks: Sequence[list[FloatArray]], x: FloatArray
) -> FloatArray:
    """(member, row, output) logits of networks, as at inference, on the same rows x.

    networks: of each, its weights in the order of `keras.Model.get_weights()`.
    """
    layout, rows = Layout.of(architecture), np.arange(len(x), dtype=np.int32)
    matrix = np.ascontiguousarray(x, np.float32)

    def logits(weights: list[FloatArray]) -> FloatArray:
        flat = np.concatenate([np.asarray(array, np.float32).ravel() for array in weights])
        work = Work.of(architecture, BLOCK_ROWS)
        return kernels.logits(layout, flat, work, matrix, rows, BLOCK_ROWS, NO_STRENGTHS)

    with (
        threadpool_limits(1, "blas"),
        ThreadPoolExecutor(min(os.cpu_count() or 1, len(networks))) as pool,
    ):
        return np.stack(list(pool.map(logits, networks)))
