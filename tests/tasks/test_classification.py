from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as sk

from pipeline.tasks import classification as metrics
from pipeline.tasks.classification import CLASSIFICATION


def test_log_loss_of_logits_is_that_of_probabilities() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 50)
    binary = rng.normal(size=(50, 1))
    assert metrics.row_log_loss(binary, y).mean() == pytest.approx(
        sk.log_loss(y, metrics.probabilities(binary))
    )
    labels, several = rng.integers(0, 4, 50), rng.normal(size=(50, 4))
    assert metrics.row_log_loss(several, labels).mean() == pytest.approx(
        sk.log_loss(labels, metrics.probabilities(several))
    )


def test_a_sure_and_wrong_network_pays_in_full() -> None:
    # Float32 probabilities would round to 0 and the loss to a clipped constant.
    loss = metrics.row_log_loss(np.array([[-200.0]], np.float32), np.array([1]))
    assert loss[0] == pytest.approx(200.0)


@pytest.mark.parametrize("outputs", [1, 3])
def test_score_agrees_with_scikit_learn(outputs: int) -> None:
    rng = np.random.default_rng(1)
    classes = max(outputs, 2)
    y = np.r_[np.arange(classes), rng.integers(0, classes, 60)]
    logits = rng.normal(size=(len(y), outputs)) * 2
    p, got = metrics.probabilities(logits), CLASSIFICATION.score(logits, y)
    assert p.sum(1) == pytest.approx(np.ones(len(y)))
    assert got["accuracy"] == sk.accuracy_score(y, p.argmax(1))
    recalls = [(p.argmax(1)[y == label] == label).mean() for label in range(classes)]
    assert got["balanced_accuracy"] == pytest.approx(np.mean(recalls))
    positives = [1] if outputs == 1 else range(classes)
    areas = [sk.average_precision_score(y == label, p[:, label]) for label in positives]
    assert got["pr_auc"] == pytest.approx(np.mean(areas))
    if outputs == 1:
        assert got["roc_auc"] == pytest.approx(sk.roc_auc_score(y, p[:, 1]))
        assert got["brier"] == pytest.approx(sk.brier_score_loss(y, p[:, 1]))
    else:
        assert got["roc_auc"] == pytest.approx(sk.roc_auc_score(y, p, multi_class="ovr"))
        assert got["brier"] == pytest.approx(((p - np.eye(3)[y]) ** 2).sum(1).mean())


@pytest.mark.parametrize("outputs", [1, 3])
def test_an_ensemble_has_the_mean_of_its_networks_probabilities(outputs: int) -> None:
    logits = np.random.default_rng(2).normal(size=(5, 20, outputs)) * 3
    mean = CLASSIFICATION.ensemble(logits)
    assert mean.shape == (20, outputs)
    assert metrics.probabilities(mean) == pytest.approx(metrics.probabilities(logits).mean(0))
    # Its loss is at most the mean of its networks' (Jensen), and a sure network stays finite.
    y = np.arange(20) % max(outputs, 2)
    assert metrics.row_log_loss(mean, y).mean() < metrics.row_log_loss(logits, y).mean()
    sure = CLASSIFICATION.ensemble(np.full((2, 1, outputs), -800.0))
    assert np.isfinite(sure).all()
