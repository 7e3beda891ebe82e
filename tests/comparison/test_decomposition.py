from __future__ import annotations

import numpy as np
import pytest

from pipeline.comparison.decomposition import bootstrap_jobs, decompose
from pipeline.config.sections.regularization import OFF
from pipeline.config.sections.train import TrainParams
from pipeline.data.prepare import Fold
from pipeline.tasks.classification import CLASSIFICATION, error_terms, log_loss_terms, row_log_loss
from pipeline.training.architecture import Architecture
from pipeline.training.fit import Fit

TRAIN = TrainParams(batch_size=8, max_epochs=1, learning_rate=0.001)


@pytest.mark.parametrize("outputs", [1, 3])
def test_bias_and_variance_add_up_to_the_log_loss_of_each_row(outputs: int) -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, max(2, outputs), 40)
    logits = 3 * rng.normal(size=(25, 40, outputs))
    bias, variance = log_loss_terms(logits, y)
    assert bias + variance == pytest.approx(row_log_loss(logits, y).mean(0))
    assert (variance > 0).all()
    alike = np.repeat(logits[:1], 5, axis=0)
    assert log_loss_terms(alike, y)[1] == pytest.approx(np.zeros(40), abs=1e-12)


@pytest.mark.parametrize("outputs", [1, 3])
def test_error_bias_is_that_of_the_most_frequent_prediction(outputs: int) -> None:
    y = np.array([0, 1])
    sure = np.array([[-1.0], [1.0]]) if outputs == 1 else 2 * np.eye(3)[:2]
    wrong = -sure if outputs == 1 else 2 * np.eye(3)[[2, 2]]
    error, bias = error_terms(np.stack([sure, sure, wrong]), y)
    assert error == pytest.approx([1 / 3, 1 / 3])
    assert bias.tolist() == [0, 0]
    error, bias = error_terms(np.stack([wrong, sure, wrong]), y)
    assert bias.tolist() == [1, 1]


def test_noisier_networks_have_more_variance_and_no_more_bias() -> None:
    rng = np.random.default_rng(1)
    y = rng.integers(0, 2, 200)
    truth = 2.0 * (2 * y - 1)[:, None]

    def fits(noise: float) -> list[np.ndarray]:
        return [truth + noise * rng.normal(size=truth.shape) for _ in range(30)]

    calm, noisy = fits(0.2), fits(1.5)
    every = [
        Fit([], np.array([0.0]), np.array([0.0]), 0, logits)
        for pair in zip(calm, noisy, strict=True)
        for logits in pair
    ]
    of_seeds = {"tuned": every[:6:2], "baseline": every[1:6:2]}
    found = decompose(every, of_seeds, y, CLASSIFICATION, 300, 0.95)
    assert found.sets == 30
    assert found.variance_difference.high < 0
    assert found.tuned.loss == pytest.approx(found.tuned.bias + found.tuned.variance)
    assert found.tuned.error == pytest.approx(found.tuned.error_bias + found.tuned.error_variance)
    assert found.bias_difference.low < 0.05
    assert found.baseline.seed_variance > found.tuned.seed_variance


def test_both_kinds_see_the_same_sets_drawn_from_the_fitting_rows() -> None:
    position = np.arange(40, dtype=np.int32)
    x = np.zeros((40, 2), np.float32)
    fold = Fold(x, position % 2, position[:20], position[20:30], position[30:])
    kinds = {"tuned": OFF, "baseline": OFF}
    architecture = Architecture(2, 2, (), False, False)
    jobs = bootstrap_jobs(kinds, fold, architecture, TRAIN, 3, seed=5)
    assert len(jobs) == 6
    for one, other in zip(jobs[::2], jobs[1::2], strict=True):
        assert np.array_equal(one.member.fold.fit, other.member.fold.fit)
        assert one.member.seed == other.member.seed
        # Nothing stops them, so no val rows are watched.
        assert one.member.fold.stop.tolist() == [20]
    stopped = OFF.model_copy(update={"patience": 3})
    watched = bootstrap_jobs({"tuned": stopped, "baseline": OFF}, fold, architecture, TRAIN, 1, 5)
    assert [len(job.member.fold.stop) for job in watched] == [10, 1]
    drawn = [job.member.fold.fit for job in jobs[::2]]
    for rows in drawn:
        assert len(rows) == 20
        assert set(rows) < set(fold.fit)
        assert len(set(rows)) < 20
    assert not np.array_equal(drawn[0], drawn[1])
