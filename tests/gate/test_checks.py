from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipeline.comparison.assessment import Predictions
from pipeline.comparison.circumstances import Circumstances, SearchOutcome
from pipeline.comparison.judge import judge
from pipeline.comparison.kinds import Kind
from pipeline.comparison.networks import Networks
from pipeline.comparison.plan import Findings
from pipeline.comparison.result import Data
from pipeline.config.params import Params
from pipeline.config.sections.network import LayerParams
from pipeline.gate.checks import judge_model, log_probabilities, worst_slice
from pipeline.tasks.classification import CLASSIFICATION, probabilities
from pipeline.training.architecture import Architecture
from pipeline.training.fit import Fit


@pytest.mark.parametrize("outputs", [1, 3])
def test_gate_and_report_give_one_calibration_error(outputs: int, params: Params) -> None:
    rng = np.random.default_rng(6)
    classes = max(2, outputs)
    y = np.r_[np.arange(classes), rng.integers(0, classes, 84)]
    curve = np.zeros(1)
    fit = Fit([], curve, curve, kept_epoch=0, score_logits=rng.normal(size=(len(y), outputs)))
    p = probabilities(fit.score_logits)
    kinds: tuple[Kind, ...] = ("tuned", "baseline")
    architecture = Architecture(1, classes, (LayerParams(units=4),), False, False)
    networks = dict.fromkeys(kinds, Networks(params.baseline, [7], [fit]))
    names = tuple(map(str, range(classes)))
    data = Data(name="", description="", classes=names, positive=None, columns=1, rows={})
    report = judge(
        Findings(networks, architecture, fitting_rows=len(y)),
        Predictions(dict.fromkeys(kinds, p), p, y, names),
        None,
        Circumstances(data, SearchOutcome("toy", 0, 1)),
        params.compare.model_copy(update={"resamples": 100}),
    )
    gate = judge_model(p, y, pd.DataFrame({"a": range(len(y))}), 20, CLASSIFICATION)
    assert report.tuned.test["calibration_error"] == gate.metrics["calibration_error"]


def test_worst_slice_is_found_in_categories_numbers_and_gaps() -> None:
    rng = np.random.default_rng(4)
    n = 2000
    frame = pd.DataFrame(
        {"colour": rng.choice(["red", "green"], n), "width": rng.normal(size=n), "age": 1.0}
    )
    hit = rng.random(n) < 0.9
    for name, members in (
        ("colour = red", frame["colour"] == "red"),
        ("width", frame["width"] <= frame["width"].quantile(0.25)),
    ):
        bad = hit & ~(members.to_numpy() & (rng.random(n) < 0.5))
        found = worst_slice(bad, frame, 20)
        assert found is not None
        assert name in found.name
        assert found.accuracy < found.high < 0.6
    frame.loc[:300, "age"] = np.nan
    found = worst_slice(hit & frame["age"].notna().to_numpy(), frame, 20)
    assert found is not None
    assert (found.name, found.accuracy) == ("age missing", 0.0)


def test_chance_alone_makes_no_bad_slice() -> None:
    rng = np.random.default_rng(5)
    alarms = 0
    for _ in range(200):
        frame = pd.DataFrame(rng.normal(size=(120, 10))).add_prefix("x")
        found = worst_slice(rng.random(120) < 0.8, frame, 20)
        assert found is not None
        alarms += found.high < 0.8
    # 5 % in the long run, at most; 200 draws stay below 20 with a probability of 99.9 %.
    assert alarms < 20


def test_few_rows_have_no_slice() -> None:
    assert worst_slice(np.ones(10, bool), pd.DataFrame({"a": range(10)}), 20) is None


def test_a_sure_and_wrong_model_has_finite_figures() -> None:
    p = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    y = np.array([0, 1, 0])
    judged = judge_model(p, y, pd.DataFrame({"a": [1, 2, 3]}), 5, CLASSIFICATION)
    assert np.isfinite(list(judged.metrics.values())).all()
    assert judged.metrics["accuracy"] == pytest.approx(2 / 3)
    assert np.isfinite(log_probabilities(p)).all()
