from __future__ import annotations

import numpy as np
import pytest

from pipeline.statistics.intervals import Interval
from pipeline.statistics.nested import ProcedureDifference, procedure_difference
from pipeline.statistics.verdicts import (
    procedure_verdict,
    rounded_up,
    row_effects,
    rows_to_tell,
)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-0.3, -0.1, "helps"),
        (0.1, 0.3, "hurts"),
        (-0.1, 0.3, "cannot tell yet"),
        (-0.01, 0.02, "makes no difference that matters"),
        # Sure, and too small to matter.
        (-0.02, -0.01, "makes no difference that matters"),
        (0.01, 0.02, "makes no difference that matters"),
        (-0.3, -0.01, "helps"),
        (-0.3, 0.01, "cannot tell yet"),
        (-0.05, 0.05, "makes no difference that matters"),
        (-0.06, 0.05, "cannot tell yet"),
    ],
)
def test_verdict(low: float, high: float, verdict: str) -> None:
    assert procedure_verdict(Interval((low + high) / 2, low, high), rope=0.05) == verdict


def test_without_a_rope_only_nothing_is_no_difference() -> None:
    assert procedure_verdict(Interval(0, 0, 0), 0.0) == "makes no difference that matters"
    assert procedure_verdict(Interval(0, -1e-9, 1e-9), 0.0) == "cannot tell yet"
    assert procedure_verdict(Interval(-1e-9, -2e-9, -1e-9), 0.0) == "helps"


def measured(estimate: float, error: float) -> ProcedureDifference:
    reach = 1.96 * error
    return ProcedureDifference(
        estimate, estimate - reach, estimate + reach, 0.5, 0.5, error, confidence=0.95
    )


def of_rows(rows: np.ndarray, seed: int) -> ProcedureDifference:
    """As found by fits that all agree, so that rows are the only error."""
    twice, fold = np.stack([rows, rows]), np.tile(np.arange(len(rows)) % 5, (2, 1))
    return procedure_difference(twice, fold, confidence=0.95, resamples=200, seed=seed)


def test_so_many_rows_settle_it() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=200)
    mean = -0.12
    first = of_rows(rows - rows.mean() + mean, 0)
    assert procedure_verdict(first, 0.01) == "cannot tell yet"
    wanted = rows_to_tell(first, 200, 0.01)
    assert wanted is not None
    settled = [
        procedure_verdict(of_rows(rng.normal(mean, size=wanted), seed), 0.01) == "helps"
        for seed in range(200)
    ]
    assert 0.7 <= np.mean(settled) <= 0.9


def test_rows_wanted_grow_with_the_error_and_fall_with_the_difference() -> None:
    by_error = [rows_to_tell(measured(-0.1, error), 500, 0.02) for error in (0.06, 0.1, 0.5, 2)]
    assert by_error == sorted(by_error)
    assert len(set(by_error)) == 4
    by_distance = [rows_to_tell(measured(-mean, 0.3), 500, 0.02) for mean in (0.02, 0.05, 0.2)]
    assert by_distance == sorted(by_distance, reverse=True)
    by_rows = [rows_to_tell(measured(-0.1, 0.1), rows, 0.02) for rows in (100, 500, 5000)]
    assert by_rows == sorted(by_rows)


def test_no_difference_is_settled_by_the_rope() -> None:
    # (1.96 + 0.84)^2 = 7.85 times as many, and the larger the rope, the fewer.
    assert rows_to_tell(measured(0.0, 0.1), 1000, rope=0.1) == 7900
    assert rows_to_tell(measured(0.0, 0.1), 1000, rope=0.2) == 2000
    assert rows_to_tell(measured(0.0, 0.1), 1000, rope=0.0) is None


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0.3, 1),
        (1, 1),
        (7.1, 8),
        (12, 12),
        (99.2, 100),
        (101, 110),
        (1234, 1300),
        (150_000, 150_000),
    ],
)
def test_counts_are_rounded_as_people_write_them(number: float, shown: int) -> None:
    assert rounded_up(number) == shown


def test_rows_that_carry_a_difference_are_found() -> None:
    # Three rows of 300 are blundered on by the baseline; every other row is a little worse.
    own = np.full((2, 300), 0.11)
    baseline = np.full((2, 300), 0.1)
    baseline[:, [5, 50, 250]] = 6.0
    effects = row_effects(own, baseline)
    assert effects.tail_share == pytest.approx((3 * 5.89) / (3 * 5.89 - 297 * 0.01))
    assert effects.better_off == pytest.approx(0.01)
    assert effects.median == pytest.approx(0.01)


def test_tail_is_looked_for_in_both_procedures() -> None:
    own, baseline = np.full((1, 100), 0.1), np.full((1, 100), 0.1)
    own[0, 3] = 5.0
    assert row_effects(own, baseline).tail_share == pytest.approx(1.0)


def test_equal_procedures_have_no_tail() -> None:
    losses = np.random.default_rng(1).random((2, 40))
    effects = row_effects(losses, losses.copy())
    assert effects.tail_share is None
    assert (effects.better_off, effects.median) == (0.0, 0.0)
