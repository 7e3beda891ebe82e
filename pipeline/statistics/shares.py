"""Counts of two groups of rows: tests of equal shares, and how far the shares are apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import chi2_contingency, fisher_exact

from pipeline.tasks.arrays import Floats

# Fewer expected rows in a cell, and the chi-squared distribution is no good approximation.
CELL_ROWS = 5


def psi(then: Floats, now: Floats) -> float:
    """Population stability index of two counts per bin; half a row is added to each bin.

    The sum over bins of (q - p) ln(q / p): zero for equal shares, without an upper bound.
    """
    p, q = ((counts + 0.5) / (counts + 0.5).sum() for counts in (then, now))
    return float(((q - p) * np.log(q / p)).sum())


def binned(then: Sequence[float], now: Floats, bins: int) -> tuple[Floats, Floats]:
    """Counts in bins with equal shares of the earlier values; equal edges fall together."""
    edges = np.unique(np.quantile(then, np.linspace(0, 1, bins + 1)[1:-1]))
    places = (np.searchsorted(edges, values, side="left") for values in (then, now))
    first, second = (np.bincount(one, minlength=len(edges) + 1).astype(float) for one in places)
    return first, second


def aligned(then: Mapping[str, int], now: Mapping[str, int]) -> tuple[Floats, Floats]:
    """Counts of the levels of both, in the same order."""
    levels = list(dict.fromkeys([*then, *now]))
    first, second = (
        np.array([one.get(level, 0) for level in levels], float) for one in (then, now)
    )
    return first, second


def counts_test(then: Floats, now: Floats) -> float:
    """P-value of equal shares; levels too rare for the approximation are taken together."""
    table = np.stack([then, now])
    table = table[:, table.sum(0) > 0]
    expected = table.sum(0) * (table.sum(1).min() / table.sum())
    rare = expected < CELL_ROWS
    table = np.column_stack([table[:, ~rare], table[:, rare].sum(1)]) if rare.any() else table
    table = table[:, table.sum(0) > 0]
    if table.shape[1] < 2:
        return 1.0
    if table.shape[1] == 2:
        return share_test(table.astype(int).tolist())
    return float(chi2_contingency(table).pvalue)


def share_test(table: Sequence[Sequence[int]]) -> float:
    """P-value of equal shares in a table of two by two."""
    counts = np.array(table, float)
    if (counts.sum(0) == 0).any() or (counts.sum(1) == 0).any():
        return 1.0
    expected = np.outer(counts.sum(1), counts.sum(0)) / counts.sum()
    if (expected >= CELL_ROWS).all():
        return float(chi2_contingency(counts).pvalue)
    return float(fisher_exact(table).pvalue)
