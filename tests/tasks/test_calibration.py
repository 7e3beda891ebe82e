from __future__ import annotations

import numpy as np
import pytest

from pipeline.tasks.arrays import Floats, Labels
from pipeline.tasks.calibration import BIN_ROWS, MOST_BINS, calibration_error, equal_bins

# The mean error of a calibrated model is its bias: its true error is 0.
TEST_SETS = 400


def calibrated(rng: np.random.Generator, rows: int) -> tuple[Floats, Labels]:
    """Draw probabilities of two classes, mostly sure ones, and labels that follow them."""
    p = rng.beta(0.5, 0.8, rows)
    return np.c_[1 - p, p], (rng.random(rows) < p).astype(int)


def surest_class_error(p: Floats, y: Labels) -> float:
    """Compute the other definition: of the most probable class, in 10 bins whatever the rows."""
    stated, hits = p.max(1), p.argmax(1) == y
    bins = np.array_split(np.argsort(stated, kind="stable"), MOST_BINS)
    return float(sum(abs(stated[rows].sum() - hits[rows].sum()) for rows in bins) / len(y))


def test_honest_probabilities_are_calibrated_and_others_not() -> None:
    p, y = calibrated(np.random.default_rng(3), 20_000)
    assert calibration_error(p, y) < 0.015
    certain = np.eye(2)[p.argmax(1)]
    wrong = float((p.argmax(1) != y).mean())
    assert calibration_error(certain, y) == pytest.approx(wrong, abs=0.02)


def test_calibration_of_many_classes_is_that_of_the_most_probable() -> None:
    y = np.array([0, 1, 2, 0] * 50)
    p = np.tile([0.6, 0.3, 0.1], (200, 1))
    assert calibration_error(p, y) == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize("rows", [50, 86, 150])
def test_fewer_and_larger_bins_are_less_biased_on_few_rows(rows: int) -> None:
    rng = np.random.default_rng(rows)
    sets = [calibrated(rng, rows) for _ in range(TEST_SETS)]
    ours = np.array([calibration_error(p, y) for p, y in sets])
    other = np.array([surest_class_error(p, y) for p, y in sets])
    gain = other - ours
    assert gain.mean() > 5 * gain.std() / np.sqrt(TEST_SETS)
    assert ours.mean() < 0.8 * other.mean()


@pytest.mark.parametrize(("rows", "bins"), [(1, 1), (24, 1), (86, 3), (250, 10), (9000, 10)])
def test_bins_hold_rows_enough(rows: int, bins: int) -> None:
    found = equal_bins(np.random.default_rng(0).random(rows), BIN_ROWS)
    assert len(found) == bins
    assert sorted(np.concatenate(found)) == list(range(rows))
