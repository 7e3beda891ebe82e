from __future__ import annotations

import time

import numpy as np
import pytest
from scipy.stats import binom, t

from pipeline.statistics.bootstrap import mean_difference
from pipeline.statistics.nested import (
    ProcedureDifference,
    procedure_difference,
    procedure_differences,
)

SETTINGS = {"confidence": 0.95, "resamples": 1000, "seed": 0}


def dealt(rng: np.random.Generator, repeats: int, rows: int, folds: int = 5) -> np.ndarray:
    return np.stack([rng.permutation(np.arange(rows) % folds) for _ in range(repeats)])


def simulated(
    rng: np.random.Generator,
    repeats: int,
    rows: int,
    *,
    mean: float = 0.0,
    row: float = 1.0,
    fit: float = 0.0,
    noise: float = 0.5,
) -> tuple[np.ndarray, np.ndarray]:
    """Differences made of a row's own, of its network's and of noise; and folds."""
    fold = dealt(rng, repeats, rows)
    of_fits = fit * rng.normal(size=(repeats, 5))
    values = mean + row * rng.normal(size=rows) + noise * rng.normal(size=(repeats, rows))
    return values + np.take_along_axis(of_fits, fold, 1), fold


def test_interval_of_rows_alone_is_about_students() -> None:
    rng = np.random.default_rng(0)
    values = np.repeat(rng.normal(size=(1, 400)), 3, axis=0)
    found = procedure_difference(values, dealt(rng, 3, 400), **SETTINGS)
    error = values[0].std(ddof=1) / np.sqrt(400)
    assert found.estimate == pytest.approx(values.mean())
    assert found.standard_error == pytest.approx(error)
    reach = t.ppf(0.975, 399) * error
    assert found.low <= found.estimate - reach + 1e-12
    assert found.high >= found.estimate + reach - 1e-12
    assert found.high - found.low == pytest.approx(2 * reach, rel=0.06)


def test_error_of_fits_is_measured() -> None:
    # 300 rows with a variance of 1, and 5 folds with one of 0.5 in each repetition.
    rng = np.random.default_rng(1)
    errors, estimates = [], []
    for _ in range(200):
        values, fold = simulated(rng, 4, 300, fit=np.sqrt(0.5))
        found = procedure_difference(values, fold, confidence=0.95, resamples=100, seed=0)
        errors.append(found.standard_error**2)
        estimates.append(found.estimate)
    true = (1 + 0.25 / 4) / 300 + 0.5 / 20
    assert np.var(estimates) == pytest.approx(true, rel=0.3)
    assert np.mean(errors) == pytest.approx(true, rel=0.1)


def test_error_of_fits_is_measured_on_one_repetition_too() -> None:
    rng = np.random.default_rng(2)
    errors = []
    for _ in range(300):
        values, fold = simulated(rng, 1, 300, fit=np.sqrt(0.5))
        found = procedure_difference(values, fold, confidence=0.95, resamples=100, seed=0)
        errors.append(found.standard_error**2)
    assert np.mean(errors) == pytest.approx((1 + 0.25) / 300 + 0.5 / 5, rel=0.1)


def test_rows_alone_would_be_too_sure_where_fits_differ() -> None:
    values, fold = simulated(np.random.default_rng(3), 3, 300, fit=1.0)
    found = procedure_difference(values, fold, **SETTINGS)
    rows_alone = mean_difference(values.mean(0)[None], 1000, 0.95)
    assert found.high - found.low > 1.5 * (rows_alone.high - rows_alone.low)


def test_folds_that_agree_by_chance_prove_no_agreement_of_fits() -> None:
    # Rows differ between the repetitions, but every fold's mean is 0 in both.
    fold = np.tile(np.arange(100) % 5, (2, 1))
    values = np.where(np.arange(100) // 5 % 2, 1.0, -1.0) * [[1.0], [-1.0]]
    found = procedure_difference(values, fold, **SETTINGS)
    assert found.estimate == pytest.approx(0)
    # As 20 rows a fold that vary by 2 would: half of their error in 5 folds.
    assert found.standard_error == pytest.approx(
        np.sqrt(0.5 * (2 * 100 / 99) / 20 * 0.5 / 0.275 * np.sqrt(2 / 5) / 10)
    )


@pytest.mark.parametrize("repeats", [1, 3])
def test_order_of_rows_repetitions_and_fold_numbers_changes_nothing(repeats: int) -> None:
    rng = np.random.default_rng(4)
    values, fold = simulated(rng, repeats, 100, mean=0.2, fit=0.3)
    found = procedure_difference(values, fold, **SETTINGS)
    rows, times = rng.permutation(100), rng.permutation(repeats)
    moved = procedure_difference(values[times], (4 - fold)[times], **SETTINGS)
    same = (found.estimate, found.low, found.high, found.standard_error)
    assert (moved.estimate, moved.low, moved.high, moved.standard_error) == pytest.approx(same)
    shuffled = procedure_difference(values[:, rows], fold[:, rows], **SETTINGS)
    assert shuffled.standard_error == pytest.approx(found.standard_error)
    assert shuffled.high - shuffled.low == pytest.approx(found.high - found.low, rel=0.1)


def test_other_side_is_the_mirror_image() -> None:
    values, fold = simulated(np.random.default_rng(5), 3, 100, mean=0.2, fit=0.3)
    one = procedure_difference(values, fold, **SETTINGS)
    other = procedure_difference(-values, fold, **SETTINGS)
    assert (other.low, other.high) == pytest.approx((-one.high, -one.low))
    assert other.p_value == pytest.approx(one.p_value)
    assert other.helps_probability == pytest.approx(1 - one.helps_probability)


def test_a_smaller_loss_helps() -> None:
    rng = np.random.default_rng(16)
    by_mean = []
    for mean in (-0.6, -0.1, 0.1, 0.6):
        values, fold = simulated(rng, 2, 100)
        values += mean - values.mean()
        by_mean.append(procedure_difference(values, fold, **SETTINGS).helps_probability)
    assert by_mean == sorted(by_mean, reverse=True)
    assert by_mean[0] > 0.99
    assert by_mean[1] > 0.6
    assert by_mean[2] < 0.4
    assert by_mean[3] < 0.01


def test_unit_of_the_loss_changes_nothing_but_the_unit() -> None:
    values, fold = simulated(np.random.default_rng(6), 3, 100, mean=0.2, fit=0.3)
    one = procedure_difference(values, fold, **SETTINGS)
    other = procedure_difference(1000 * values, fold, **SETTINGS)
    assert (other.low, other.high) == pytest.approx((1000 * one.low, 1000 * one.high))
    assert other.p_value == pytest.approx(one.p_value)


@pytest.mark.parametrize("mean", [-1.0, 0.0, 1.0])
@pytest.mark.parametrize("repeats", [1, 2])
def test_constant_differences_have_no_width(mean: float, repeats: int) -> None:
    fold = dealt(np.random.default_rng(7), repeats, 20)
    found = procedure_difference(np.full((repeats, 20), mean), fold, **SETTINGS)
    assert (found.estimate, found.low, found.high, found.standard_error) == (mean, mean, mean, 0.0)
    assert found.p_value == (1.0 if mean == 0 else 0.0)
    assert found.helps_probability == {-1.0: 1.0, 0.0: 0.5, 1.0: 0.0}[mean]


def test_a_single_row_that_differs_is_no_evidence() -> None:
    values = np.zeros((2, 50))
    values[:, 7] = -3.0
    found = procedure_difference(values, dealt(np.random.default_rng(8), 2, 50), **SETTINGS)
    assert found.low < found.estimate < 0 < found.high
    assert found.p_value > 0.05


def test_p_value_and_interval_agree() -> None:
    rng = np.random.default_rng(9)
    seen = set()
    for _ in range(60):
        values, fold = simulated(rng, 2, 60, mean=rng.normal() / 3, fit=0.2)
        found = procedure_difference(values, fold, **SETTINGS)
        excludes = found.low > 0 or found.high < 0
        if abs(found.p_value - 0.05) > 0.005:
            assert (found.p_value < 0.05) == excludes
            assert (max(found.helps_probability, 1 - found.helps_probability) > 0.975) == excludes
        seen.add(excludes)
    assert seen == {True, False}


def test_several_differences_hold_together() -> None:
    rng = np.random.default_rng(10)
    values, fold = simulated(rng, 2, 80, mean=-0.3)
    other, _ = simulated(rng, 2, 80)
    alone = procedure_difference(values, fold, **SETTINGS)
    first, second, third = procedure_differences([values, other, -values], fold, **SETTINGS)
    assert first.confidence == pytest.approx(1 - 0.05 / 3)
    assert first.low < alone.low < alone.high < first.high
    assert first.estimate == alone.estimate
    assert first.p_value > alone.p_value
    assert first.helps_probability == pytest.approx(alone.helps_probability, abs=0.003)
    assert third.estimate == -first.estimate
    assert second.p_value <= 1
    assert procedure_differences([], fold, **SETTINGS) == []


def test_rows_of_a_group_count_as_one() -> None:
    rng = np.random.default_rng(11)
    values, fold = simulated(rng, 2, 60, mean=0.2)
    copies = procedure_difference(
        np.repeat(values, 4, axis=1),
        np.repeat(fold, 4, axis=1),
        groups=np.repeat(np.arange(60), 4),
        **SETTINGS,
    )
    alone = procedure_difference(values, fold, **SETTINGS)
    assert copies.estimate == pytest.approx(alone.estimate)
    assert copies.standard_error == pytest.approx(alone.standard_error, rel=0.05)
    blind = procedure_difference(
        np.repeat(values, 4, axis=1), np.repeat(fold, 4, axis=1), **SETTINGS
    )
    assert blind.standard_error < 0.6 * copies.standard_error


def test_groups_of_unequal_size_keep_the_mean_over_rows() -> None:
    rng = np.random.default_rng(12)
    values, fold = simulated(rng, 2, 60, mean=0.2)
    groups = np.sort(rng.integers(0, 20, 60))
    found = procedure_difference(values, fold, groups=groups, **SETTINGS)
    assert found.estimate == pytest.approx(values.mean())
    assert found.low < values.mean() < found.high


def test_same_seed_gives_the_same_bytes_and_a_call_is_quick() -> None:
    values, fold = simulated(np.random.default_rng(13), 10, 500, fit=0.2)
    start = time.process_time()
    first = procedure_difference(values, fold, confidence=0.95, resamples=2000, seed=3)
    assert time.process_time() - start < 1
    again = procedure_difference(values, fold, confidence=0.95, resamples=2000, seed=3)
    assert isinstance(first, ProcedureDifference)
    assert first == again


def test_folds_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"differences are \(2, 9\) and folds \(9,\)"):
        procedure_difference(np.zeros((2, 9)), np.zeros(9, int), **SETTINGS)


REPETITIONS = 400
# The share of covering 95 % intervals, and of false verdicts, in 999 of 1000 simulations.
COVERED = binom.ppf(0.001, REPETITIONS, 0.95) / REPETITIONS
FALSE = binom.ppf(0.999, REPETITIONS, 0.05) / REPETITIONS


@pytest.mark.parametrize("repeats", [1, 2])
@pytest.mark.parametrize("fit", [0.0, 0.3])
def test_interval_covers_the_true_difference(repeats: int, fit: float) -> None:
    """A few rows carry the difference, as losses of a network that is too sure have it."""
    rng, covered = np.random.default_rng(14), []
    for seed in range(REPETITIONS):
        values, fold = simulated(rng, repeats, 150, fit=fit, row=0.5)
        tail = rng.lognormal(sigma=1.0, size=150)
        found = procedure_difference(values - tail, fold, confidence=0.95, resamples=200, seed=seed)
        covered.append(found.low <= -np.exp(0.5) <= found.high)
    assert np.mean(covered) >= COVERED


@pytest.mark.parametrize("fit", [0.0, 0.5])
def test_equal_procedures_are_seldom_told_apart(fit: float) -> None:
    rng, apart, by_rows_alone = np.random.default_rng(15), [], []
    for seed in range(REPETITIONS):
        values, fold = simulated(rng, 2, 150, fit=fit)
        found = procedure_difference(values, fold, confidence=0.95, resamples=200, seed=seed)
        apart.append(found.low > 0 or found.high < 0)
        error = values.mean(0).std(ddof=1) / np.sqrt(150)
        by_rows_alone.append(abs(found.estimate) > 1.96 * error)
    assert np.mean(apart) <= FALSE
    if fit:
        # What the variance of the fits is for.
        assert np.mean(by_rows_alone) > 2 * FALSE
