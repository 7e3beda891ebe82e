"""Measure how far the probabilities that a model states are from how often they come true."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipeline.tasks.arrays import Floats, Labels

TITLE = "Calibration error"
MOST_BINS = 10
# In a bin of fewer rows, chance alone keeps the share of hits well away from the probability.
BIN_ROWS = 25


def calibration_error(p: Floats, y: Labels) -> float:
    """Return the expected calibration error of probabilities (row, class).

    It is the mean over the rows of |mean stated probability - share of hits| in the row's bin, over
    bins of equally many rows (Naeini et al. 2015, AAAI). Even a calibrated model has an error, as
    each bin's share of hits is off by chance and the absolute value lets nothing cancel; this bias
    grows with the number of bins (Kumar, Liang and Ma 2019, arXiv:1909.10155; Roelofs et al. 2022,
    arXiv:2012.08668). So the number of bins follows the rows: at least `BIN_ROWS` in each, and
    at most `MOST_BINS`. Two classes are judged by the probability of class 1, which is what the
    model is asked for; the most probable class's would mix the two ends of the scale.
    """
    stated, hits = stated_and_hits(p, y)
    bins = equal_bins(stated, BIN_ROWS)
    return sum(abs(float(stated[b].mean() - hits[b].mean())) * len(b) for b in bins) / len(y)


def stated_and_hits(p: Floats, y: Labels) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return (row,) the probability to be checked, and whether what it is of came true.

    Two classes: the probability of class 1. More: that of the most probable class.
    """
    if p.shape[-1] == 2:
        return p[:, 1], y == 1
    return p.max(-1), p.argmax(-1) == y


def equal_bins(stated: Floats, bin_rows: int) -> list[npt.NDArray[np.int64]]:
    """Return the row numbers of each bin: equally many rows, of probabilities next to each other.

    bin_rows: a bin has at least as many, as far as there are rows for it.
    """
    bins = int(np.clip(len(stated) // bin_rows, 1, MOST_BINS))
    return np.array_split(np.argsort(stated, kind="stable"), bins)
