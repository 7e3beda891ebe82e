"""The gate where a number is predicted: margin as a share, worst slice by RMSE, drift of it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from pipeline.config.params import Params
from pipeline.gate.checks import ModelFigures, SliceError, judge_model, worst_errors
from pipeline.gate.decision import Contest, Evidence, challenge, decide
from pipeline.gate.drift import NumberErrors, figures, find_drift
from pipeline.gate.profile import profile_rows
from pipeline.statistics.intervals import Interval
from pipeline.tasks.regression import REGRESSION

FIGURES = {"rmse": 50.0, "mae": 40.0, "r2": 0.5, "median_error": 30.0, "squared_error": 2500.0}
JUDGED = ModelFigures(FIGURES, SliceError("colour = red", 40, 70.0, 58.0))
CONTEST = Contest(
    difference=Interval(1.0, -3.0, 4.9), clean=True, changed_roles=(), withdrawn=(), drift=(),
    champion=50.0,
)  # fmt: skip
GOOD = Evidence(JUDGED, (), CONTEST, REGRESSION)


def test_good_number_is_promoted_with_every_condition_listed(params: Params) -> None:
    decision = decide(GOOD, params.gate)
    assert decision.promote, decision.reasons
    assert [check.name for check in decision.checks] == [
        "RMSE, challenger minus champion", "Roles of rows", "Rolled back", "Drift",
        "Code and parameters", "R²", "RMSE of the worst slice", "Findings in the data",
    ]  # fmt: skip
    assert decision.checks[0].wanted == "all of it below 5 (0.1 of the champion's)"


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"contest": dataclasses.replace(CONTEST, champion=48.0)}, "RMSE, challenger minus"),
        ({"contest": dataclasses.replace(CONTEST, champion=None)}, "RMSE, challenger minus"),
        ({"contest": dataclasses.replace(CONTEST, difference=None)}, "RMSE, challenger minus"),
        ({"challenger": ModelFigures({**FIGURES, "r2": -0.01}, None)}, "R²"),
        ({"challenger": ModelFigures({"rmse": 50.0}, None)}, "R²"),
        (
            {"challenger": ModelFigures(FIGURES, SliceError("red", 40, 90.0, 60.1))},
            "RMSE of the worst slice",
        ),
        (
            {"challenger": ModelFigures({"r2": 0.5}, SliceError("red", 40, 90.0, 10.0))},
            "RMSE of the worst slice",
        ),
    ],
)
def test_one_thing_that_is_wrong_refuses(changes: dict, name: str, params: Params) -> None:
    decision = decide(dataclasses.replace(GOOD, **changes), params.gate)
    assert not decision.promote
    assert len(decision.reasons) == 1
    assert decision.reasons[0].startswith(name)


def test_margin_of_r2_is_in_its_own_units(params: Params) -> None:
    gate = params.gate.model_copy(update={"metric": "r2", "margin": 0.02})
    for low, promoted in ((-0.019, True), (-0.021, False)):
        contest = dataclasses.replace(CONTEST, difference=Interval(0, low, 0.1), champion=0.5)
        assert decide(dataclasses.replace(GOOD, contest=contest), gate).promote is promoted


def test_difference_is_that_of_the_two_models(params: Params) -> None:
    rng = np.random.default_rng(0)
    y = rng.normal(100, 20, 200)
    good, bad = ((y + rng.normal(0, noise, 200))[:, None] for noise in (5, 9))
    found = challenge(good, bad, y, params.gate, 1, REGRESSION)
    rmse = [np.sqrt(((served[:, 0] - y) ** 2).mean()) for served in (good, bad)]
    assert found.estimate == pytest.approx(rmse[0] - rmse[1])
    assert found.low < found.estimate < found.high < 0


def test_worst_slice_is_where_errors_are_surely_large() -> None:
    rng = np.random.default_rng(1)
    features = pd.DataFrame({"kind": ["a"] * 40 + ["b"] * 40 + ["c"] * 5})
    squares = rng.normal(0, 1, 85) ** 2
    squares[40:80] *= 9
    squares[80:] = 1e6  # too few rows to count
    found = worst_errors(squares, features, min_rows=20)
    assert found.name == "kind = b"
    assert found.rmse == pytest.approx(np.sqrt(squares[40:80].mean()))
    assert 1.2 < found.low < found.rmse
    assert worst_errors(squares, features, min_rows=50) is None


def test_figures_of_a_served_number_have_no_calibration() -> None:
    y = np.arange(30.0)
    judged = judge_model(y[:, None] + 2, y, pd.DataFrame({"x": y}), 5, REGRESSION)
    assert judged.metrics["rmse"] == pytest.approx(2)
    assert set(judged.metrics) == set(REGRESSION.names)


def drifted(params: Params, target: np.ndarray, errors: NumberErrors | None):
    rng = np.random.default_rng(3)
    then = pd.DataFrame({"x": rng.normal(size=400)})
    profile = profile_rows(then, pd.Series(rng.normal(100, 10, 400)), (), [], [])
    now = pd.DataFrame({"x": rng.normal(size=len(target))})
    return find_drift(profile, now, pd.Series(target), (), errors, params.drift)


def test_target_that_moved_is_drift_and_one_that_did_not_is_none(params: Params) -> None:
    rng = np.random.default_rng(4)
    same = drifted(params, rng.normal(100, 10, 200), None)
    assert same.level == "none"
    moved = drifted(params, rng.normal(112, 10, 200), None)
    [change] = moved.at("warn")
    assert change.kind == "target"
    assert "values of the target changed" in change.in_words
    assert figures(moved)["target_psi"] > 0.25


def test_errors_that_rise_stop_and_those_that_fall_do_not(params: Params) -> None:
    rng = np.random.default_rng(5)
    target, old = rng.normal(100, 10, 200), rng.exponential(1, 150)
    worse = drifted(params, target, NumberErrors(old, rng.exponential(2, 200)))
    assert [change.kind for change in worse.at("stop")] == ["errors"]
    assert worse.at("stop")[0].size > 0.5
    better = drifted(params, target, NumberErrors(old, rng.exponential(0.4, 200)))
    assert better.level == "none"
    assert drifted(params, target, NumberErrors(old, old[:0])).level == "none"


def test_target_that_turned_from_classes_to_a_number_is_another_schema(params: Params) -> None:
    features, rng = pd.DataFrame({"x": np.arange(100.0)}), np.random.default_rng(6)
    profile = profile_rows(features, pd.Series(["no", "yes"] * 50), ("no", "yes"), [], [])
    drift = find_drift(profile, features, pd.Series(rng.normal(size=100)), (), None, params.drift)
    assert [c.subject for c in drift.at("stop") if c.kind == "schema"] == [
        "class no is gone", "class yes is gone"
    ]  # fmt: skip
