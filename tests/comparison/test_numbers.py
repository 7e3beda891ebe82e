"""The whole comparison where a number is predicted: every part that a class has, or its own."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pipeline.comparison.served_interval import ServedNumber
from pipeline.config.errors import InputError
from pipeline.config.params import Params
from pipeline.data.target import TargetScale
from pipeline.project.records import written
from pipeline.report import render
from pipeline.report.figures.charts import charts

from .toy import compared


def test_comparison_of_a_number_has_its_metrics_and_every_part(params: Params) -> None:
    findings, comparison, tables = compared(params, 0)
    assert list(comparison.metrics) == ["rmse", "mae", "r2", "median_error", "squared_error"]
    mse = comparison.metrics["squared_error"].tuned.estimate
    networks = findings.networks["tuned"].logits[..., 0]
    assert comparison.metrics["rmse"].tuned.estimate <= mse**0.5
    assert len(networks) == params.compare.seeds
    # In the target's units, which are about 900.
    assert 700 < networks.mean() < 1100
    assert comparison.ablation
    assert comparison.ablation.rows[0].levels["rmse"] > 0
    assert comparison.decomposition
    assert comparison.decomposition.tuned.error is None
    terms = comparison.decomposition.tuned
    assert terms.loss == pytest.approx(terms.bias + terms.variance)
    assert comparison.reference is None
    assert comparison.registered_pair is None
    assert comparison.quality
    assert comparison.quality.number
    assert all(part.accuracy is None for part in comparison.quality.slices)
    assert {"predicted", "residuals", "errors", "columns", "learning"} <= set(
        charts(comparison, tables, "720")
    )


def test_worst_rows_are_those_with_the_largest_errors(params: Params) -> None:
    findings, comparison, _ = compared(params, 0)
    network = findings.networks["tuned"]
    worst = comparison.quality.number.worst
    assert len(worst) == 10
    errors = [abs(row.error) for row in worst]
    assert errors == sorted(errors, reverse=True)
    assert all(row.predicted - row.actual == pytest.approx(row.error) for row in worst)
    predicted = network.logits[network.registered][:, 0]
    assert worst[0].predicted == pytest.approx(predicted[worst[0].row])


def test_written_comparison_calls_the_loss_by_its_name(params: Params) -> None:
    _, comparison, _ = compared(params, 0)
    text = json.dumps(written(comparison, comparison.task), allow_nan=False)
    assert '"squared_error"' in text
    assert "log_loss" not in text
    assert '"huber_delta"' in text


def test_report_of_a_number_speaks_of_no_class(params: Params) -> None:
    _, comparison, tables = compared(params, 0)
    for page in (render.html(comparison, tables), render.markdown(comparison, "figures")):
        assert "RMSE" in page
        assert "squared error" in page
        for word in ("log loss", "Log loss", "Accuracy", "Brier", "probabilities", "McNemar"):
            assert word not in page
        assert "{" not in page.split("<body")[-1].split("<svg")[0]


def test_intervals_come_from_rows_that_their_networks_never_saw(params: Params) -> None:
    findings, comparison, _ = compared(params, 0)
    served = findings.served["tuned"]
    assert served.residuals == 90  # each training row, once
    assert served.level == params.compare.coverage
    coverage = comparison.quality.number.coverage
    assert coverage.width == pytest.approx(2 * served.reach)
    # The noise alone spreads by 20, so that an interval of in-sample errors would be too short.
    assert served.reach > 20
    assert coverage.covered.estimate > 0.6


def test_interval_of_a_logarithm_is_not_symmetric() -> None:
    served = ServedNumber(TargetScale("log1p", 0.0, 1.0), 0.9, np.log(2), 50)
    low, high = served.ends(np.array([99.0]))
    assert low == pytest.approx([49.0])
    assert high == pytest.approx([199.0])


def test_a_level_that_the_rows_cannot_give_is_refused_before_training(params: Params) -> None:
    compare = params.compare.model_copy(update={"coverage": 0.99})
    with pytest.raises(InputError, match=r"compare\.coverage is 0\.99, which takes 99 .*to 0\.98"):
        compared(params.model_copy(update={"compare": compare}), 0)
