from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as sk

from pipeline.evidence import metrics, stats
from pipeline.evidence.stats import METRICS, Interval, compare_paired, verdict


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
    losses = metrics.row_log_loss(logits[0], y)

    def ours(name: str) -> float:
        return float(METRICS[name](p, losses, y, weights[None])[0])

    w = {"sample_weight": weights}
    assert ours("accuracy") == pytest.approx(sk.accuracy_score(y, p.argmax(1), **w))
    assert ours("balanced_accuracy") == pytest.approx(
        sk.balanced_accuracy_score(y, p.argmax(1), **w)
    )
    assert ours("log_loss") == pytest.approx(np.average(losses, weights=weights))
    labels = [1] if outputs == 1 else range(3)
    roc = [sk.roc_auc_score(y == label, p[:, label], **w) for label in labels]
    ap = [sk.average_precision_score(y == label, p[:, label], **w) for label in labels]
    assert ours("roc_auc") == pytest.approx(np.mean(roc))
    assert ours("pr_auc") == pytest.approx(np.mean(ap))


def test_estimates_are_means_over_the_seeds() -> None:
    tuned, y = toy_logits(3, 60, 1, shift=0.5)
    baseline, _ = toy_logits(3, 60, 1)
    paired = compare_paired(tuned, baseline, y, 200, 0.95, seed=0)
    for name, one in paired.items():
        of_seeds = [metrics.score(logits, y)[name] for logits in tuned]
        assert one.tuned.estimate == pytest.approx(np.mean(of_seeds)), name
        difference = one.tuned.estimate - one.baseline.estimate
        assert one.difference.estimate == pytest.approx(difference), name
        assert one.difference.low <= one.difference.estimate <= one.difference.high, name


def test_equal_networks_do_not_differ() -> None:
    logits, y = toy_logits(3, 60, 1)
    difference = compare_paired(logits, logits, y, 200, 0.95, seed=0)["log_loss"].difference
    assert difference == Interval(0.0, 0.0, 0.0)
    assert verdict(difference) == "no detectable difference"


def test_pairing_narrows_the_interval() -> None:
    tuned, y = toy_logits(5, 80, 1, shift=0.2)
    baseline, _ = toy_logits(5, 80, 1)
    paired = compare_paired(tuned, baseline, y, 500, 0.95, seed=0)["log_loss"]
    apart = np.hypot(
        paired.tuned.high - paired.tuned.low, paired.baseline.high - paired.baseline.low
    )
    assert paired.difference.high - paired.difference.low < apart / 2


def test_interval_does_not_depend_on_the_block_size(monkeypatch: pytest.MonkeyPatch) -> None:
    tuned, y = toy_logits(2, 60, 1, shift=0.2)
    baseline, _ = toy_logits(2, 60, 1)
    whole = compare_paired(tuned, baseline, y, 2000, 0.95, seed=0)["log_loss"].difference
    monkeypatch.setattr(stats, "BLOCK_ENTRIES", 60 * 64)
    blocks = compare_paired(tuned, baseline, y, 2000, 0.95, seed=0)["log_loss"].difference
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
