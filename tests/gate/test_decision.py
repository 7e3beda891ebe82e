from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import binom

from pipeline.config.params import Params
from pipeline.config.sections.gate import GateParams
from pipeline.gate.checks import ModelFigures, SliceAccuracy
from pipeline.gate.decision import Contest, Decision, Evidence, challenge, decide
from pipeline.statistics.intervals import Interval
from pipeline.tasks.classification import CLASSIFICATION, row_log_loss

JUDGED = ModelFigures(
    metrics={"log_loss": 0.3, "accuracy": 0.9, "balanced_accuracy": 0.9, "roc_auc": 0.95,
             "pr_auc": 0.9, "brier": 0.1, "calibration_error": 0.05},
    worst_slice=SliceAccuracy("colour = red", 40, 0.7, 0.85),
)  # fmt: skip
CONTEST = Contest(
    difference=Interval(-0.01, -0.03, 0.01), clean=True, changed_roles=(), withdrawn=(), drift=()
)
GOOD = Evidence(challenger=JUDGED, failed_data_checks=(), contest=CONTEST)


@pytest.fixture
def gate(params: Params) -> GateParams:
    return params.gate


def test_good_evidence_is_promoted_with_every_condition_listed(gate: GateParams) -> None:
    decision = decide(GOOD, gate)
    assert decision.promote
    assert decision.reasons == ()
    assert [check.name for check in decision.checks] == [
        "Log loss, challenger minus champion", "Roles of rows", "Rolled back", "Drift",
        "Code and parameters", "Balanced accuracy", "ROC AUC", "Calibration error",
        "Accuracy of the worst slice", "Findings in the data",
    ]  # fmt: skip


def contest(**changes: Any) -> Evidence:
    return dataclasses.replace(GOOD, contest=dataclasses.replace(CONTEST, **changes))


def slice_of(accuracy: float, high: float) -> SliceAccuracy:
    return SliceAccuracy("colour = red", 40, accuracy, high)


def judged(**changes: Any) -> Evidence:
    return dataclasses.replace(GOOD, challenger=dataclasses.replace(JUDGED, **changes))


NAN = float("nan")
CALIBRATED = {"calibration_error": 0.05}


@pytest.mark.parametrize(
    ("evidence", "reason"),
    [
        (contest(difference=Interval(0.05, 0.0, 0.1)), "Log loss, challenger minus champion"),
        (contest(difference=Interval(NAN, NAN, NAN)), "Log loss, challenger minus champion"),
        (contest(difference=None), "Log loss, challenger minus champion"),
        (contest(clean=False), "Code and parameters"),
        (contest(clean=None), "Code and parameters"),
        (contest(changed_roles=["split.seed"]), "Roles of rows"),
        (contest(changed_roles=None), "Roles of rows"),
        (contest(withdrawn=["version 2"]), "Rolled back"),
        (contest(drift=["width"]), "Drift"),
        (contest(drift=None), "Drift"),
        (judged(metrics=dict(JUDGED.metrics) | {"roc_auc": 0.69}), "ROC AUC"),
        (judged(metrics=dict(JUDGED.metrics) | {"roc_auc": NAN}), "ROC AUC"),
        (judged(metrics={**CALIBRATED, "accuracy": 0.9, "roc_auc": 0.9}), "Balanced accuracy"),
        (judged(metrics=dict(JUDGED.metrics) | {"calibration_error": 0.21}), "Calibration error"),
        (judged(metrics=dict(JUDGED.metrics) | {"calibration_error": NAN}), "Calibration error"),
        (
            judged(worst_slice=slice_of(0.5, 0.69)),
            "Accuracy of the worst slice",
        ),
        (
            judged(worst_slice=slice_of(NAN, NAN)),
            "Accuracy of the worst slice",
        ),
        (dataclasses.replace(GOOD, challenger=None), "Challenger"),
        (dataclasses.replace(GOOD, failed_data_checks=None), "Findings in the data"),
        (
            dataclasses.replace(GOOD, failed_data_checks=["target is constant"]),
            "Findings in the data",
        ),
    ],
)
def test_each_condition_alone_refuses(evidence: Evidence, reason: str, gate: GateParams) -> None:
    decision = decide(evidence, gate)
    assert not decision.promote
    (only,) = decision.reasons
    assert only.startswith(f"{reason}: ")


def test_first_model_needs_no_contest_but_its_floors(gate: GateParams) -> None:
    assert decide(dataclasses.replace(GOOD, contest=None), gate).promote
    poor = dataclasses.replace(
        judged(metrics=dict(JUDGED.metrics) | {"calibration_error": 0.5}), contest=None
    )
    assert not decide(poor, gate).promote


def test_where_more_is_better_the_lower_end_counts(gate: GateParams) -> None:
    by_auc = gate.model_copy(update={"metric": "roc_auc", "margin": 0.02})
    assert decide(contest(difference=Interval(0.0, -0.019, 0.5)), by_auc).promote
    assert not decide(contest(difference=Interval(0.0, -0.021, 0.5)), by_auc).promote


def test_uncommitted_code_passes_where_the_parameters_allow_it(gate: GateParams) -> None:
    assert decide(contest(clean=None), gate.model_copy(update={"clean": False})).promote


# The simulation: networks that see the true logit through noise, part of it in common.
Draw = Callable[[np.random.Generator, int, float], tuple[np.ndarray, np.ndarray, np.ndarray]]
CHAMPION_NOISE = 1.0
DECISIONS = 300
CHANCE = 0.999


def draw(mean: float) -> Draw:
    def of(rng: np.random.Generator, rows: int, noise: float) -> tuple[np.ndarray, ...]:
        truth = rng.normal(mean, 2.5, rows)
        y = (rng.random(rows) < expit(truth)).astype(int)
        common = rng.normal(size=rows)
        challenger, champion = (
            truth + one * (common + rng.normal(size=rows)) / np.sqrt(2)
            for one in (noise, CHAMPION_NOISE)
        )
        return challenger[:, None], champion[:, None], y

    return of  # type: ignore[return-value]


def true_difference(of: Draw, noise: float) -> float:
    challenger, champion, y = of(np.random.default_rng(0), 400_000, noise)
    return float((row_log_loss(challenger, y) - row_log_loss(champion, y)).mean())


def noise_for(of: Draw, difference: float) -> float:
    """The challenger's noise at which it is worse by this much, by bisection."""
    low, high = 0.0, 8.0
    for _ in range(16):
        middle = (low + high) / 2
        low, high = (middle, high) if true_difference(of, middle) < difference else (low, middle)
    return low


def promotions(of: Draw, rows: int, noise: float, gate: GateParams) -> int:
    """Number of promotions in as many decisions, each on test rows of its own."""
    promoted = 0
    for number in range(DECISIONS):
        challenger, champion, y = of(np.random.default_rng([1, number]), rows, noise)
        interval = challenge(challenger, champion, y, gate, number, CLASSIFICATION)
        decision: Decision = decide(contest(difference=interval), gate)
        promoted += decision.promote
    return promoted


@pytest.mark.parametrize(
    ("rows", "mean", "usual"),
    [
        pytest.param(85, 0.0, 0.5, id="85 rows"),
        pytest.param(400, 0.0, 0.9, id="400 rows", marks=pytest.mark.long),
        pytest.param(400, -6.0, 0.9, id="400 rows, 1 in 20 positive", marks=pytest.mark.long),
    ],
)
def test_worse_models_pass_as_rarely_as_stated_and_better_ones_mostly(
    rows: int, mean: float, usual: float, gate: GateParams, record_property: Callable[..., None]
) -> None:
    gate = gate.model_copy(update={"resamples": 400, "margin": 0.05})
    of = draw(mean)
    worse = promotions(of, rows, noise_for(of, gate.margin), gate)
    better = promotions(of, rows, 0.2, gate)
    record_property("worse_promoted", worse / DECISIONS)
    record_property("better_promoted", better / DECISIONS)
    assert worse <= binom.ppf(CHANCE, DECISIONS, gate.error_rate)
    assert better >= usual * DECISIONS
    assert true_difference(of, 0.2) < 0
