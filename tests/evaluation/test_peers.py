from __future__ import annotations

import numpy as np
import pytest

from pipeline.data.prepare import Fold
from pipeline.data.target import TargetScale
from pipeline.evaluation.peers import peer_outputs
from pipeline.tasks.classification import CLASSIFICATION, probabilities, row_log_loss
from pipeline.tasks.regression import REGRESSION

PEERS = [peer.name for peer in CLASSIFICATION.peers]


def fold(classes: int, rows: int = 300) -> Fold:
    rng = np.random.default_rng(1)
    y = rng.integers(0, classes, rows)
    x = rng.normal(size=(rows, 3)) + 3.0 * np.eye(max(3, classes))[y][:, :3]
    position = np.arange(rows, dtype=np.int32)
    return Fold(
        x.astype(np.float32), y.astype(np.int32), position[:150], position[150:200], position[200:]
    )


@pytest.mark.parametrize("classes", [2, 3])
def test_peers_know_the_classes_of_the_rows_they_learned_from(classes: int) -> None:
    made = fold(classes)
    y = made.y[made.score]
    logits = peer_outputs(made, classes, seed=1)
    assert set(logits) == set(PEERS)
    shares = np.bincount(made.y[:200]) / 200
    assert probabilities(logits["majority"])[0] == pytest.approx(shares)
    losses = {name: row_log_loss(z, y).mean() for name, z in logits.items()}
    assert max(losses["linear"], losses["boosting"]) < 0.7 * losses["majority"]
    again = peer_outputs(made, classes, seed=1)
    assert all(np.array_equal(again[name], logits[name]) for name in PEERS)


def test_class_that_was_not_there_costs_much_but_not_everything() -> None:
    made = fold(3)
    keep = np.flatnonzero(made.y[:200] != 2).astype(np.int32)
    few = Fold(made.x, made.y, keep[:-20], keep[-20:], made.score)
    for logits in peer_outputs(few, 3, seed=1).values():
        losses = row_log_loss(logits, few.y[few.score])
        assert np.isfinite(losses).all()
        assert losses.max() > 30


@pytest.mark.parametrize("transform", ["none", "log1p"])
def test_peers_of_a_number_predict_in_its_units(transform: str) -> None:
    rng = np.random.default_rng(2)
    x, position = rng.normal(size=(300, 3)), np.arange(300, dtype=np.int32)
    units = np.expm1(5 + x[:, 0] + 0.1 * rng.normal(size=300))
    target = TargetScale.fit(units[:150], transform)
    made = Fold(
        x.astype(np.float32), target.to_network(units), position[:150], position[150:200],
        position[200:], units=units, target=target,
    )  # fmt: skip
    outputs, y = peer_outputs(made, 0, seed=1), units[200:]
    assert list(outputs) == [peer.name for peer in REGRESSION.peers]
    # The mean guess is that of the target itself, whatever is learned.
    assert outputs["mean"][:, 0] == pytest.approx(np.full(100, units[:200].mean()))
    losses = {name: REGRESSION.row_loss(one, y).mean() for name, one in outputs.items()}
    assert max(losses["linear"], losses["boosting"]) < 0.7 * losses["mean"]
