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
