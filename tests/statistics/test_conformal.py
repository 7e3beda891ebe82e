"""Intervals hold as often as they promise, whatever the distribution and the network."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest

from pipeline.statistics.conformal import half_width, rows_needed


def test_width_is_the_residual_at_the_corrected_place() -> None:
    residuals = np.arange(1.0, 20.0)[::-1]  # 19 of them
    assert half_width(residuals, 0.9) == 18  # the 18th of 20 places
    assert half_width(residuals, 0.95) == 19
    assert half_width(residuals, 0.96) == inf


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9, 0.95, 0.99])
def test_so_many_rows_give_a_finite_interval_and_one_fewer_does_not(level: float) -> None:
    enough = rows_needed(level)
    assert half_width(np.ones(enough), level) == 1.0
    assert half_width(np.ones(enough - 1), level) == inf


def draw_normal(rng: np.random.Generator, rows: int) -> np.ndarray:
    return rng.normal(size=rows)


def draw_heavy(rng: np.random.Generator, rows: int) -> np.ndarray:
    return rng.standard_t(1.5, rows)


def draw_skewed(rng: np.random.Generator, rows: int) -> np.ndarray:
    return np.exp(rng.normal(0, 1.5, rows))


@pytest.mark.parametrize("draw", [draw_normal, draw_heavy, draw_skewed])
@pytest.mark.parametrize("level", [0.8, 0.9])
@pytest.mark.parametrize("rows", [19, 60])
def test_coverage_on_new_rows_is_at_least_the_level(draw, level: float, rows: int) -> None:
    """Fit a line out of fold, as `compare` fits networks, and cover the rows of another draw."""
    rng, covered = np.random.default_rng(rows), []
    for _ in range(1500):
        x, new_x = rng.normal(size=rows), rng.normal(size=20)
        y, new_y = 2 * x + draw(rng, rows), 2 * new_x + draw(rng, 20)
        fold, residuals = np.arange(rows) % 5, np.empty(rows)
        for k in range(5):
            line = np.polyfit(x[fold != k], y[fold != k], 1)
            residuals[fold == k] = np.abs(y[fold == k] - np.polyval(line, x[fold == k]))
        reach = half_width(residuals, level)
        predicted = np.polyval(np.polyfit(x, y, 1), new_x)
        covered.append((np.abs(new_y - predicted) <= reach).mean())
    error = np.std(covered) / np.sqrt(len(covered))
    assert np.mean(covered) > level - 3 * error
    # And not by being far too wide: the corrected place gives up to 1 / (rows + 1) more.
    assert np.mean(covered) < level + 1 / (rows + 1) + 0.03
