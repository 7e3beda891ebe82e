"""Intervals of single predictions, from how far predictions were off on rows they did not see.

Split conformal prediction (Papadopoulos et al. 2002, doi:10.1007/3-540-36755-1_29; Lei et al. 2018,
doi:10.1080/01621459.2017.1307116): where the next row is exchangeable with n rows whose residuals
are known, it lies within the ⌈(n + 1) · level⌉-th smallest absolute residual of its prediction with
a probability of at least `level`, whatever the network and whatever the distribution.

The residuals here are out of fold: each is that of a network fitted on the other folds, as in the
jackknife+ and CV+ of Barber et al. 2021 (doi:10.1214/20-AOS1965). The served network is fitted on
all of them, and so is a little better than those behind the residuals; that makes intervals a
little wide. Coverage holds on average over rows, not for each kind of row.
"""

from __future__ import annotations

from math import ceil, inf

import numpy as np

from pipeline.tasks.arrays import Floats


def half_width(residuals: Floats, level: float) -> float:
    """Return how far from its prediction a row is at most, with this probability.

    residuals: (n,) absolute. Infinite if n is too small to say.
    """
    place = ceil((len(residuals) + 1) * level - 1e-9)
    return float(np.sort(residuals)[place - 1]) if place <= len(residuals) else inf


def rows_needed(level: float) -> int:
    """Return from how many residuals on an interval of this level is finite."""
    return ceil(level / (1 - level) - 1e-9)
