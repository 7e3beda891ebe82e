from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from pipeline.config.params import Params
from pipeline.config.sections.drift import DriftParams
from pipeline.gate import profile as kept
from pipeline.gate.drift import Drift, Errors, figures, find_drift
from pipeline.gate.profile import TrainingProfile, fitted_before, profile_rows, unknown_rows
from pipeline.statistics.shares import psi

CLASSES = ("no", "yes")
Make = Callable[[int, int], tuple[pd.DataFrame, pd.Series]]


def rows(seed: int, n: int) -> tuple[pd.DataFrame, pd.Series]:
    """Numbers, whole numbers with ties, categories, gaps; all columns independent."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "width": rng.normal(size=n),
            "count": rng.poisson(2, n).astype(float),
            "colour": rng.choice(["red", "green", "blue"], n, p=[0.6, 0.3, 0.1]),
        }
    )
    frame.loc[rng.random(n) < 0.1, "width"] = np.nan
    return frame, pd.Series(rng.choice(CLASSES, n))


@pytest.fixture
def drift_params(params: Params) -> DriftParams:
    return params.drift


@pytest.fixture
def profile() -> TrainingProfile:
    features, labels = rows(0, 1500)
    return profile_rows(features, labels, CLASSES, [], [])


def found(drift: Drift) -> dict[tuple[str, str], str]:
    return {(one.subject, one.kind): one.level for one in drift.findings if one.level != "none"}


def test_rows_of_the_same_kind_raise_no_alarm(
    profile: TrainingProfile, drift_params: DriftParams
) -> None:
    for seed in range(1, 101):
        features, labels = rows(seed, 60 + 5 * seed)
        errors = Errors(
            old_rows=200, old_wrong=20, new_rows=len(labels), new_wrong=len(labels) // 9
        )
        drift = find_drift(profile, features, labels, CLASSES, errors, drift_params)
        assert found(drift) == {}, seed
        assert drift.rows == len(labels)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda x: x.assign(width=x["width"] + 0.7), {("width", "distribution"): "warn"}),
        (lambda x: x.assign(count=x["count"] * 2), {("count", "distribution"): "warn"}),
        (
            lambda x: x.assign(width=x["width"].where(np.arange(len(x)) % 3 > 0)),
            {("width", "missing"): "warn"},
        ),
        (
            lambda x: x.assign(colour=x["colour"].replace("red", "purple")),
            {("colour", "distribution"): "warn", ("colour", "unseen"): "warn"},
        ),
        (lambda x: x.drop(columns="count"), {("column count is gone", "schema"): "stop"}),
        (lambda x: x.assign(age=1.0), {("column age is new", "schema"): "stop"}),
        (
            lambda x: x.assign(width=x["width"].astype(str)),
            {("column width holds categories, held numbers", "schema"): "stop"},
        ),
    ],
)
def test_each_change_is_found_and_nothing_else(
    change: Callable[[pd.DataFrame], pd.DataFrame],
    expected: dict[tuple[str, str], str],
    profile: TrainingProfile,
    drift_params: DriftParams,
) -> None:
    features, labels = rows(1, 400)
    drift = find_drift(profile, change(features), labels, CLASSES, None, drift_params)
    assert found(drift) == expected


def test_classes_that_shift_come_or_go_are_found(
    profile: TrainingProfile, drift_params: DriftParams
) -> None:
    features, labels = rows(1, 400)
    shifted = labels.where(np.arange(400) % 3 > 0, "yes")
    drift = find_drift(profile, features, shifted, CLASSES, None, drift_params)
    assert found(drift) == {("classes", "classes"): "warn"}
    drift = find_drift(profile, features, labels, ("maybe", "yes"), None, drift_params)
    assert set(found(drift)) == {
        ("class maybe is new", "schema"), ("class no is gone", "schema")
    }  # fmt: skip


def test_a_champion_that_errs_on_new_rows_stops(
    profile: TrainingProfile, drift_params: DriftParams
) -> None:
    features, labels = rows(1, 100)
    worse = Errors(old_rows=90, old_wrong=5, new_rows=100, new_wrong=50)
    drift = find_drift(profile, features, labels, CLASSES, worse, drift_params)
    assert found(drift) == {("champion", "errors"): "stop"}
    assert drift.level == "stop"
    assert figures(drift)["error_increase"] == pytest.approx(0.5 - 5 / 90, abs=1e-6)
    (told,) = [one.in_words for one in drift.at("stop")]
    assert told.startswith("champion: the champion errs more often on new rows by 0.444, p ")


def test_few_rows_are_compared_by_schema_alone(
    profile: TrainingProfile, drift_params: DriftParams
) -> None:
    features, labels = rows(1, 49)
    moved = features.assign(width=features["width"] + 9)
    drift = find_drift(profile, moved, labels, CLASSES, None, drift_params)
    assert (found(drift), drift.rows, drift.new_rows) == ({}, 0, 49)
    gone = find_drift(profile, moved[["width"]], labels, CLASSES, None, drift_params)
    assert gone.level == "stop"


def test_psi_is_what_its_formula_says() -> None:
    then, now = np.array([500_000.0, 500_000.0]), np.array([900_000.0, 100_000.0])
    expected = 0.4 * np.log(0.9 / 0.5) - 0.4 * np.log(0.1 / 0.5)
    assert psi(then, now) == pytest.approx(expected, rel=1e-4)
    assert psi(then, then) == 0


def test_degenerate_columns_do_no_harm(drift_params: DriftParams) -> None:
    frame = pd.DataFrame({"same": 1.0, "gaps": np.nan, "word": "x", "flag": True}, index=range(80))
    frame["nothing"] = pd.Series([None] * 80, dtype=object)
    labels = pd.Series(["no"] * 79 + ["yes"])
    profile = profile_rows(frame, labels, CLASSES, [], [])
    drift = find_drift(profile, frame, labels, CLASSES, None, drift_params)
    assert found(drift) == {}
    assert np.isfinite([one.size for one in drift.findings if one.size is not None]).all()


def test_reference_is_small_and_survives_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "COLUMN_VALUES", 100)
    features, labels = rows(0, 5000)
    identity = [f"{number:032x}" for number in range(5000)]
    profile = profile_rows(features, labels, CLASSES, identity, [])
    again = TrainingProfile.model_validate_json(profile.model_dump_json())
    assert again == profile
    numbers = profile.columns["width"].numbers
    assert numbers is not None
    assert len(numbers) == 100
    assert np.median(numbers) == pytest.approx(features["width"].median(), abs=0.05)


def test_new_rows_are_told_from_known_ones() -> None:
    features, labels = rows(0, 3)
    profile = profile_rows(features, labels, CLASSES, ["00" * 16, "ab" * 16], [])
    new = unknown_rows(profile, ["ab" * 16, "ff" * 16, "00" * 16])
    assert new.tolist() == [False, True, False]


def test_rows_that_only_the_earlier_model_was_fitted_on_are_found() -> None:
    features, labels = rows(0, 4)
    a, b, c, d = (digit * 32 for digit in "abcd")
    then = profile_rows(features, labels, CLASSES, [], [a, b, b])
    now = profile_rows(features, labels, CLASSES, [], [b, c])
    # b is among both models' rows, c among the present one's alone.
    assert fitted_before(then, now, [d, a, b, c, a]).tolist() == [False, True, False, False, True]
