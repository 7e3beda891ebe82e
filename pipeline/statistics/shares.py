"""Compare the shares of two groups of rows: tests of equality, and how far they are apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pipeline.tasks.arrays import Floats

# With fewer expected rows in a cell, the chi-squared distribution approximates badly.
CELL_ROWS = 5


def psi(then: Floats, now: Floats) -> float:
    """Return the population stability index of two counts per bin; each bin gets half a row more.

    It is the sum over bins of (q - p) ln(q / p): zero for equal shares, without an upper bound.
    """
    p, q = ((counts + 0.5) / (counts + 0.5).sum() for counts in (then, now))
    return float(((q - p) * np.log(q / p)).sum())


def binned(then: Sequence[float], now: Floats, bins: int) -> tuple[Floats, Floats]:
    """Count both in bins that have equal shares of the earlier values; equal edges are merged."""
    edges = np.unique(np.quantile(then, np.linspace(0, 1, bins + 1)[1:-1]))
    places = (np.searchsorted(edges, values, side="left") for values in (then, now))
    first, second = (np.bincount(place, minlength=len(edges) + 1).astype(float) for place in places)
    return first, second


def aligned(then: Mapping[str, int], now: Mapping[str, int]) -> tuple[Floats, Floats]:
    """Return the counts of all levels of both, in the same order."""
    levels = list(dict.fromkeys([*then, *now]))
    first, second = (
        np.array([counts.get(level, 0) for level in levels], float) for counts in (then, now)
    )
    return first, second


def counts_test(then: Floats, now: Floats) -> float:
    """Return the p-value of equal shares; levels too rare for the approximation are pooled."""
    from scipy.stats import chi2_contingency  # only here: it takes half a second to import

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
    """Return the p-value of equal shares in a two-by-two table."""
    from scipy.stats import chi2_contingency, fisher_exact

    counts = np.array(table, float)
    if (counts.sum(0) == 0).any() or (counts.sum(1) == 0).any():
        return 1.0
    expected = np.outer(counts.sum(1), counts.sum(0)) / counts.sum()
    if (expected >= CELL_ROWS).all():
        return float(chi2_contingency(counts).pvalue)
    return float(fisher_exact(table).pvalue)
