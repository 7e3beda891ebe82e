from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipeline.config.errors import InputError
from pipeline.data.prepare import prepare_cv, prepare_final
from pipeline.data.schema import FOLD_COLUMN, Column, Schema
from pipeline.data.target import MOST_STRATA, TargetScale, strata

SCHEMA = Schema(
    name="toy",
    description="toy",
    rows=120,
    target="price",
    classes=(),
    positive=None,
    group=None,
    columns=(Column(name="size", kind="numeric", dtype="float64", missing=0),),
)


def table(rows: int = 120) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    size = rng.normal(size=rows)
    price = np.exp(3 + size + rng.normal(0, 0.1, rows))
    return pd.DataFrame({"size": size, "price": price, FOLD_COLUMN: np.arange(rows) % 3})


@pytest.mark.parametrize("transform", ["none", "log1p"])
def test_scale_leads_there_and_back(transform: str) -> None:
    values = np.array([0.0, 1.0, 50.0, 7e6])
    scale = TargetScale.fit(values, transform)
    learned = scale.to_network(values)
    assert learned.dtype == np.float32
    assert learned.mean() == pytest.approx(0, abs=1e-6)
    assert learned.std() == pytest.approx(1, rel=1e-5)
    assert scale.to_units(learned) == pytest.approx(values, rel=1e-5, abs=1)


def test_scale_of_a_target_that_never_changes_keeps_finite() -> None:
    scale = TargetScale.fit(np.full(9, 5.0), "none")
    assert scale.to_units(scale.to_network(np.array([5.0, 6.0]))) == pytest.approx([5.0, 6.0])


def test_logarithm_of_an_absurd_output_stays_finite() -> None:
    scale = TargetScale("log1p", 0.0, 1.0)
    assert np.isfinite(scale.to_units([1e6, -1e6])).all()
    assert np.isfinite(scale.bend(scale.to_units([-1e6]))).all()


@pytest.mark.parametrize("transform", ["none", "log1p"])
def test_target_is_scaled_by_the_fitting_rows_of_each_fold(transform: str) -> None:
    frame = table()
    for fold in prepare_cv(frame[:90], frame[90:], SCHEMA, "minmax", None, "none", transform):
        learned = fold.y[fold.fit]
        assert learned.mean() == pytest.approx(0, abs=1e-5)
        assert learned.std() == pytest.approx(1, rel=1e-5)
        assert abs(fold.y[fold.score].mean()) > 1e-4
        assert np.array_equal(fold.actual, frame["price"].to_numpy())
        assert fold.in_units(fold.y) == pytest.approx(fold.actual, rel=1e-4)


def test_no_row_but_the_fitting_ones_changes_the_scale() -> None:
    frame = table()
    wild = frame.assign(price=frame["price"].where(frame.index < 60, 1e9))
    before, after = (
        prepare_final(rows[:60], rows[60:90], rows[90:], SCHEMA, "minmax")[0]
        for rows in (frame, wild)
    )
    assert before.target == after.target


def test_weights_of_classes_are_refused_for_a_number() -> None:
    frame = table()
    with pytest.raises(InputError, match=r"class_weight is balanced, but the target 'price'"):
        prepare_final(frame[:60], frame[60:90], frame[90:], SCHEMA, "minmax", None, "balanced")


def test_strata_are_quantiles_with_rows_enough() -> None:
    parts, counts = np.unique(strata(table(), SCHEMA), return_counts=True)
    assert len(parts) == 4
    assert counts.min() >= 29
    assert len(np.unique(strata(table(5000), SCHEMA))) == MOST_STRATA
    assert set(strata(table(20), SCHEMA)) == {"1 of 1"}


def test_strata_follow_the_target_upwards() -> None:
    frame = table().sort_values("price")
    parts = [int(name.split()[0]) for name in strata(frame, SCHEMA)]
    assert parts == sorted(parts)


def test_target_with_few_values_has_no_more_strata_than_they_part() -> None:
    frame = table().assign(price=np.r_[np.zeros(100), np.arange(20)])
    assert len(np.unique(strata(frame, SCHEMA))) <= 2
