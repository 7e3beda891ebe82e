from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipeline.comparison import quality
from pipeline.comparison.importance import permutation_importance, slices
from pipeline.config.sections.data import CategoryParams
from pipeline.config.sections.network import LayerParams
from pipeline.config.sections.regularization import OFF
from pipeline.data.description import describe
from pipeline.data.prepare import Fold, prepare_final, prepared_columns
from pipeline.data.rows import plain_rows
from pipeline.data.schema import Schema
from pipeline.data.table import Table
from pipeline.statistics.proportions import wilson
from pipeline.tasks.classification import CLASSIFICATION, probabilities
from pipeline.training.architecture import Architecture
from pipeline.training.fit import Fit


def test_bins_of_calibrated_probabilities_hold_them_in_their_intervals() -> None:
    rng = np.random.default_rng(0)
    p = rng.random(20_000)
    y = (rng.random(20_000) < p).astype(int)
    both = np.stack([1 - p, p], axis=1)
    bins = quality.calibration(both, y, 0.95)
    assert sum(one.rows for one in bins) == 20_000
    inside = [one.hits.low <= one.probability <= one.hits.high for one in bins]
    assert sum(inside) >= 8


def test_classes_are_told_apart_and_one_never_predicted_has_no_precision() -> None:
    y = np.array([0, 0, 0, 1, 1, 2])
    p = np.eye(3)[[0, 0, 1, 1, 1, 0]] * 0.8 + 0.05
    first, second, third = quality.class_quality(p, y, ["a", "b", "c"], 0.95)
    assert first.recall.estimate == pytest.approx(2 / 3)
    assert second.precision is not None
    assert second.precision.estimate == pytest.approx(2 / 3)
    assert third.precision is None
    assert third.recall.low == 0
    assert third.recall.high > 0.5


def test_threshold_comes_from_val_rows_and_parts_them() -> None:
    p_val = np.array([0.1, 0.2, 0.3, 0.35, 0.9])
    bar = quality.chosen_threshold(np.stack([1 - p_val, p_val], 1), np.array([0, 0, 0, 1, 1]))
    assert bar == pytest.approx(0.325)
    p = np.array([0.1, 0.4, 0.45, 0.2])
    found = quality.at_threshold(bar, np.stack([1 - p, p], 1), np.array([0, 1, 0, 1]))
    assert found.confusion == ((1, 1), (1, 1))
    assert (found.recall, found.specificity) == (0.5, 0.5)


def test_intervals_count_the_rows_that_their_share_is_of() -> None:
    y = np.array([1] * 2 + [0] * 38, np.int32)
    positive = np.array([0.9] * 8 + [0.1] * 32)
    _, found = quality.class_quality(np.column_stack([1 - positive, positive]), y, "ab", 0.95)
    assert found.precision == wilson(0.25, 8, 0.95)
    assert found.recall == wilson(1.0, 2, 0.95)
    bins = quality.calibration(np.column_stack([1 - positive, positive]), y, 0.95)
    assert [each.rows for each in bins] == [8] * 5


def test_threshold_weighs_recall_against_specificity() -> None:
    # A row of class 1 that no threshold finds without taking every row for one.
    positive = np.array([0.1, 0.2, 0.3, 0.9, 0.95, 0.05])
    y_val = np.array([0, 0, 0, 1, 1, 1], np.int32)
    chosen = quality.chosen_threshold(np.column_stack([1 - positive, positive]), y_val)
    assert chosen == pytest.approx(0.6)


def test_hardest_rows_are_the_misclassified_ones_worst_first() -> None:
    p = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.95, 0.05]])
    raw = pd.DataFrame({"size": [1.23456, None, 3.0, 4.0], "name": ["=cmd()", "b", "c", "d"]})
    found = quality.hardest_rows(p, np.array([0, 0, 0, 1]), ["no", "yes"], raw, ["size", "name"])
    assert [one.row for one in found] == [3, 1, 2]
    assert found[1].cells == {"size": "missing", "name": "b"}
    assert found[1].probability == pytest.approx(0.2)


@pytest.fixture
def every_kind(table: Table) -> Schema:
    """The toy table with dates, yes and no, rare levels, a common gap and a constant as well."""
    rng = np.random.default_rng(1)
    frame = table.frame
    days = pd.to_datetime("2024-01-01") + pd.to_timedelta(rng.integers(0, 9000, 120), unit="h")
    frame["since"] = days
    frame["member"] = rng.random(120) < 0.5
    frame["shop"] = rng.choice(list("abcdefgh"), 120, p=[0.3, 0.3, 0.2, 0.16, *[0.01] * 4])
    frame["rest"] = np.where(rng.random(120) < 0.3, np.nan, rng.normal(size=120))
    frame["same"] = 1.0
    return describe(table, group=None)


def test_raw_columns_are_found_in_the_prepared_matrix(table: Table, every_kind: Schema) -> None:
    frame, schema = table.frame, every_kind
    fold, preparation = prepare_final(
        frame[:80], frame[80:100], frame[100:], schema, "minmax", CategoryParams(rare=0.05, most=50)
    )
    columns = prepared_columns(preparation, schema)
    assert set(columns) == {*schema.features} - {"same"}
    assert len(columns["since"]) == 4
    assert len(columns["rest"]) == 2  # the number, and whether it is there
    assert len(columns["shop"]) == 5  # four frequent levels, and the others
    assert sorted(place for places in columns.values() for place in places) == list(
        range(fold.x.shape[1])
    )
    for name, places in columns.items():
        moved = frame[:80].copy()
        moved[name] = moved[name].to_numpy()[::-1]
        raw = plain_rows(moved[schema.features], [c.model_dump() for c in schema.columns])
        x = preparation.transform(raw).astype(np.float32)
        changed = np.flatnonzero((x != fold.x[:80]).any(0))
        assert set(changed) <= set(places), name
        assert len(changed)


def linear(weights: list[float], seeds: int, rows: np.ndarray) -> tuple[Architecture, list[Fit]]:
    """Networks whose logit is a linear function of the columns."""
    architecture = Architecture(
        len(weights), 2, (LayerParams(units=1, activation="linear"),), False, False
    )
    arrays = [
        np.array(weights, np.float32)[:, None], np.zeros(1, np.float32),
        np.ones((1, 1), np.float32), np.zeros(1, np.float32),
    ]  # fmt: skip
    logits = rows @ np.array(weights)[:, None]
    return architecture, [Fit(arrays, np.zeros(1), np.zeros(1), 0, logits) for _ in range(seeds)]


def test_permutation_importance_finds_the_columns_that_matter() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 4)).astype(np.float32)
    y = (x[:, 0] + 0.3 * x[:, 1] > 0).astype(np.int32)
    none = np.empty(0, np.int32)
    fold = Fold(x, y, none, none, np.arange(120, dtype=np.int32))
    architecture, fits = linear([4.0, 1.2, 0.0, 0.0], 3, x)
    columns = {"much": [0], "little": [1], "nothing": [2, 3]}
    found = permutation_importance(
        fits, architecture, OFF, fold, columns, resamples=200, confidence=0.95, seed=0
    )
    assert [one.column for one in found] == ["much", "little", "nothing"]
    assert found[0].rise.low > 0
    assert found[2].rise.estimate == pytest.approx(0, abs=1e-9)


def test_slices_cover_all_rows_gaps_and_rare_levels_included() -> None:
    train = pd.DataFrame({"n": np.arange(90.0), "c": list("abcdefghi") * 10})
    test = pd.DataFrame({"n": [1.0, 50.0, 80.0, None], "c": ["a", "z", None, "b"]})
    logits = np.array([[[3.0], [-3.0], [3.0], [3.0]]])
    found = slices(
        logits,
        np.array([1, 0, 1, 0]),
        CLASSIFICATION,
        train,
        test,
        ["n", "c"],
        resamples=100,
        confidence=0.95,
    )
    of_n = {one.level: one for one in found if one.column == "n"}
    assert [one.rows for one in of_n.values()] == [1, 1, 1, 1]
    assert of_n["missing"].accuracy.estimate == 0
    of_c = {one.level: one.rows for one in found if one.column == "c"}
    assert sum(of_c.values()) == 4
    assert of_c["other levels"] == 1
    assert of_c["missing"] == 1


def test_probabilities_of_more_classes_are_calibrated_by_the_surest() -> None:
    rng = np.random.default_rng(1)
    p = probabilities(rng.normal(size=(100, 3)))
    bins = quality.calibration(p, p.argmax(-1), 0.95)
    assert all(one.hits.estimate == 1 for one in bins)
    assert all(one.probability >= 1 / 3 for one in bins)
