from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as sk

from pipeline.statistics import bootstrap as means
from pipeline.statistics.intervals import Interval, verdict
from pipeline.statistics.paired import (
    compare_paired,
    compare_registered,
)
from pipeline.tasks import classification as metrics
from pipeline.tasks.classification import CLASSIFICATION

EVERY = CLASSIFICATION.metrics


def toy_logits(seeds: int, rows: int, outputs: int, shift: float = 0.0) -> tuple:
    rng = np.random.default_rng(5)
    classes = max(outputs, 2)
    y = np.r_[np.arange(classes), rng.integers(0, classes, rows - classes)]
    signal = (2.0 * y - 1)[:, None] if outputs == 1 else 2.0 * np.eye(classes)[y]
    noise = rng.normal(size=(rows, outputs)) + 0.3 * rng.normal(size=(seeds, rows, outputs))
    return signal * (1 + shift) + noise, y


@pytest.mark.parametrize("outputs", [1, 3])
def test_weighted_metrics_agree_with_scikit_learn(outputs: int) -> None:
    logits, y = toy_logits(1, 80, outputs)
    # Rounded, so that rows tie.
    p = metrics.probabilities(logits[0]).round(1)
    weights = np.random.default_rng(2).integers(0, 4, 80).astype(float)

    def ours(name: str) -> float:
        return float(getattr(metrics, f"weighted_{name}")(p, y, weights[None])[0])

    w = {"sample_weight": weights}
    assert ours("accuracy") == pytest.approx(sk.accuracy_score(y, p.argmax(1), **w))
    assert ours("balanced_accuracy") == pytest.approx(
        sk.balanced_accuracy_score(y, p.argmax(1), **w)
    )
    labels = [1] if outputs == 1 else range(3)
    roc = [sk.roc_auc_score(y == label, p[:, label], **w) for label in labels]
    ap = [sk.average_precision_score(y == label, p[:, label], **w) for label in labels]
    assert ours("roc_auc") == pytest.approx(np.mean(roc))
    assert ours("pr_auc") == pytest.approx(np.mean(ap))


def test_estimates_are_means_over_the_seeds() -> None:
    tuned, y = toy_logits(3, 60, 1, shift=0.5)
    baseline, _ = toy_logits(3, 60, 1)
    paired = compare_paired(EVERY, tuned, baseline, y, 200, 0.95, seed=0)
    assert tuple(paired) == CLASSIFICATION.names
    for name, one in paired.items():
        of_seeds = [CLASSIFICATION.score(logits, y)[name] for logits in tuned]
        assert one.tuned.estimate == pytest.approx(np.mean(of_seeds)), name
        difference = one.tuned.estimate - one.baseline.estimate
        assert one.difference.estimate == pytest.approx(difference), name
        assert one.difference.low <= one.difference.estimate <= one.difference.high, name


def test_equal_networks_do_not_differ() -> None:
    logits, y = toy_logits(3, 60, 1)
    difference = compare_paired(EVERY, logits, logits, y, 200, 0.95, seed=0)["log_loss"].difference
    assert difference == Interval(0.0, 0.0, 0.0)
    assert verdict(difference) == "no detectable difference"


def test_pairing_narrows_the_interval() -> None:
    tuned, y = toy_logits(5, 80, 1, shift=0.2)
    baseline, _ = toy_logits(5, 80, 1)
    paired = compare_paired(EVERY, tuned, baseline, y, 500, 0.95, seed=0)["log_loss"]
    apart = np.hypot(
        paired.tuned.high - paired.tuned.low, paired.baseline.high - paired.baseline.low
    )
    assert paired.difference.high - paired.difference.low < apart / 2


def test_interval_does_not_depend_on_the_block_size(monkeypatch: pytest.MonkeyPatch) -> None:
    tuned, y = toy_logits(2, 60, 1, shift=0.2)
    baseline, _ = toy_logits(2, 60, 1)
    whole = compare_paired(EVERY, tuned, baseline, y, 2000, 0.95, seed=0)["log_loss"].difference
    monkeypatch.setattr(means, "BLOCK_ENTRIES", 60 * 64)
    blocks = compare_paired(EVERY, tuned, baseline, y, 2000, 0.95, seed=0)["log_loss"].difference
    # Other draws of the same law: ends agree to Monte Carlo error.
    assert blocks.low == pytest.approx(whole.low, abs=0.01)
    assert blocks.high == pytest.approx(whole.high, abs=0.01)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (-0.2, -0.1, "helps"),
        (0.1, 0.2, "hurts"),
        (-0.1, 0.1, "no detectable difference"),
        (0.0, 0.1, "no detectable difference"),
    ],
)
def test_verdict(low: float, high: float, expected: str) -> None:
    assert verdict(Interval((low + high) / 2, low, high)) == expected


def test_one_metric_alone_is_the_one_among_all() -> None:
    tuned, y = toy_logits(3, 60, 1, shift=0.5)
    baseline, _ = toy_logits(3, 60, 1)
    every = compare_paired(EVERY, tuned, baseline, y, 200, 0.95, seed=0)
    for metric in EVERY:
        alone = compare_paired([metric], tuned, baseline, y, 200, 0.95, seed=0)
        assert alone == {metric.name: every[metric.name]}


def test_perfectly_ranked_rows_leave_room_for_doubt() -> None:
    y = np.array([0] * 53 + [1] * 32)
    sure = np.tile(10.0 * (2 * y[None, :, None] - 1), (2, 1, 1))
    less = sure + np.random.default_rng(0).normal(size=sure.shape)
    paired = compare_paired(EVERY, sure, less, y, 200, 0.95, seed=0)
    for name in ("roc_auc", "accuracy", "balanced_accuracy"):
        one = paired[name]
        assert one.tuned.estimate == one.baseline.estimate == one.tuned.high == 1
        assert 0.85 < one.tuned.low < 0.98
        assert one.difference.low < -0.02
        assert one.difference.high > 0.02
        assert one.measurable
    assert not paired["pr_auc"].measurable


@pytest.mark.parametrize("outputs", [1, 3])
def test_a_constant_predictor_has_intervals(outputs: int) -> None:
    tuned, y = toy_logits(2, 60, outputs)
    paired = compare_paired(EVERY, tuned, np.zeros_like(tuned), y, 200, 0.95, seed=0)
    for name, one in paired.items():
        assert np.isfinite([one.difference.low, one.difference.high, one.detectable]).all(), name
    assert paired["roc_auc"].baseline.estimate == 0.5
    assert paired["log_loss"].difference.high < 0


def test_one_seed_and_one_row_of_a_class_are_enough_for_intervals() -> None:
    tuned, y = toy_logits(1, 40, 1, shift=0.2)
    y = np.r_[1, np.zeros(39, int)]
    paired = compare_paired(EVERY, tuned, 0.5 * tuned, y, 200, 0.95, seed=0)
    for name, one in paired.items():
        assert np.isfinite([one.difference.low, one.difference.high]).all(), name


def test_mcnemar_counts_the_rows_that_one_alone_gets_right() -> None:
    y = np.zeros(20, int)
    right, wrong = np.array([0.9, 0.1]), np.array([0.1, 0.9])
    tuned = np.array([right] * 18 + [wrong] * 2)
    baseline = np.array([right] * 8 + [wrong] * 10 + [right, wrong])
    found = compare_registered(tuned, baseline, y)
    assert (found.only_tuned_right, found.only_baseline_right) == (10, 1)
    assert found.p_value == pytest.approx(2 * 12 / 2**11)
    assert compare_registered(tuned, tuned, y).p_value == 1.0
