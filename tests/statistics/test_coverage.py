"""Do the intervals hold what they promise? Simulated on networks whose true difference is known."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from scipy.stats import binom, norm

from pipeline.comparison.ablation import decide, holm
from pipeline.statistics.bootstrap import mean_difference, mean_differences
from pipeline.statistics.intervals import verdict
from pipeline.statistics.paired import compare_paired
from pipeline.tasks.classification import ACCURACY, ROC_AUC, row_log_loss

REPETITIONS = 500
RESAMPLES = 300
CONFIDENCE = 0.95
SEEDS = 6
# Of 500 repetitions, the share that a true 95 % interval reaches in 999 of 1000 simulations.
WITHIN_BINOMIAL_ERROR = binom.ppf(0.001, REPETITIONS, CONFIDENCE) / REPETITIONS
# `make test` tries the case of today's data and the two that are hardest for an interval.
LONG = pytest.mark.long


@dataclass(frozen=True)
class World:
    """Two kinds of network on rows that are drawn anew each time.

    Both see the same signal and noise of their own, that of the row, of the seed and of both.
    scales: how sure the kinds are; prevalence: share of class 1.
    """

    scales: tuple[float, float] = (1.0, 1.0)
    prevalence: float = 0.37
    rows: int = 85
    seed_noise: float = 0.2
    constant: bool = False

    def draw(self, rng: np.random.Generator, rows: int, seeds: int) -> tuple:
        y = (rng.random(rows) < self.prevalence).astype(int)
        y[:2] = 0, 1  # both classes are always there, as `split` makes sure
        shared = 2.0 * (2 * y - 1) + 2.0 * rng.normal(size=rows)
        own = 0.7 * rng.normal(size=rows)
        logits = [
            scale
            * (
                shared
                + sign * own
                + self.seed_noise * rng.normal(size=(seeds, 1))
                + 0.5 * rng.normal(size=(seeds, rows))
            )
            for scale, sign in zip(self.scales, (1, -1), strict=True)
        ]
        if self.constant:
            logits[1] = np.full((seeds, rows), np.log(self.prevalence / (1 - self.prevalence)))
        return logits[0][..., None], logits[1][..., None], y

    def differences(self, rng: np.random.Generator, rows: int, seeds: int) -> np.ndarray:
        one, other, y = self.draw(rng, rows, seeds)
        return row_log_loss(one, y) - row_log_loss(other, y)

    def truth(self) -> float:
        rng = np.random.default_rng(99)
        return float(np.mean([self.differences(rng, 20_000, 40).mean() for _ in range(10)]))


def coverage(world: World) -> float:
    rng, truth, covered = np.random.default_rng(1), world.truth(), 0
    for repetition in range(REPETITIONS):
        values = world.differences(rng, world.rows, SEEDS)
        found = mean_difference(values, RESAMPLES, CONFIDENCE, repetition)
        covered += found.low <= truth <= found.high
    return covered / REPETITIONS


@pytest.mark.parametrize(
    ("world", "at_least"),
    [
        pytest.param(World(), WITHIN_BINOMIAL_ERROR, id="alike"),
        pytest.param(World(scales=(0.6, 1.5)), WITHIN_BINOMIAL_ERROR, id="different", marks=LONG),
        pytest.param(World(scales=(0.1, 1.5)), WITHIN_BINOMIAL_ERROR, id="long tail"),
        pytest.param(World(seed_noise=1.5), WITHIN_BINOMIAL_ERROR, id="seeds differ", marks=LONG),
        pytest.param(
            World(constant=True), WITHIN_BINOMIAL_ERROR, id="constant predictor", marks=LONG
        ),
        pytest.param(World(prevalence=1 / 21), WITHIN_BINOMIAL_ERROR, id="1:20"),
        pytest.param(
            World(prevalence=1 / 21, scales=(0.6, 1.5)),
            WITHIN_BINOMIAL_ERROR,
            id="1:20 and different",
            marks=LONG,
        ),
    ],
)
def test_log_loss_interval_covers_the_true_difference(world: World, at_least: float) -> None:
    assert coverage(world) >= at_least


@pytest.mark.parametrize("prevalence", [0.37, pytest.param(1 / 21, marks=LONG)])
def test_no_difference_is_seldom_called_one(prevalence: float) -> None:
    world, rng, false = World(prevalence=prevalence), np.random.default_rng(2), 0
    for repetition in range(REPETITIONS):
        values = world.differences(rng, world.rows, SEEDS)
        found = mean_difference(values, RESAMPLES, CONFIDENCE, repetition)
        false += verdict(found) != "no detectable difference"
        # The interval and the p-value say the same.
        assert (found.p_value < 1 - CONFIDENCE) <= (not found.low <= 0 <= found.high)
    assert false <= binom.ppf(0.999, REPETITIONS, 1 - CONFIDENCE)


def test_a_difference_as_large_as_the_detectable_one_is_mostly_found() -> None:
    rng, found = np.random.default_rng(3), 0
    for repetition in range(REPETITIONS):
        values = rng.normal(size=(SEEDS, 85)) + rng.normal(size=85)
        detectable = mean_difference(values, RESAMPLES, CONFIDENCE, repetition).detectable
        moved = mean_difference(values - detectable, RESAMPLES, CONFIDENCE, repetition)
        found += verdict(moved) == "helps"
    assert 0.72 <= found / REPETITIONS <= 0.88


@pytest.fixture
def quick_collection() -> Iterator[None]:
    """statsmodels collects garbage in each call; what is alive now need not be looked at."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("quick_collection")
def test_ablation_keeps_the_rate_of_one_false_verdict_or_more() -> None:
    rng, false = np.random.default_rng(4), 0
    for repetition in range(REPETITIONS):
        values = [rng.normal(size=85) + rng.normal(size=(SEEDS, 85)) for _ in range(5)]
        found = mean_differences(values, RESAMPLES, 1 - 0.05 / 5, repetition)
        p_values = [one.p_value for one in found]
        if min(p_values) >= 0.05:  # no correction makes them smaller
            continue
        corrected = holm(p_values)
        false += any(
            decide(one, p, 0.05) != "no detectable difference"
            for one, p in zip(found, corrected, strict=True)
        )
    assert false <= binom.ppf(0.999, REPETITIONS, 0.05)


def ranked(distance: float, prevalence: float) -> Callable[[np.random.Generator], tuple]:
    """Two networks on rows whose scores are normal in each class, `distance` deviations apart."""

    def draw(rng: np.random.Generator) -> tuple:
        y = (rng.random(85) < prevalence).astype(int)
        y[:2] = 0, 1
        shared = distance * y - distance / 2
        score = (
            shared
            + rng.normal(size=(2, 1, 85)) * np.sqrt(0.5)
            + rng.normal(size=(85)) * np.sqrt(0.5)
        )
        return score[0][..., None], score[1][..., None], y

    return draw


@pytest.mark.parametrize(
    ("distance", "prevalence"),
    [
        (1.5, 0.37),
        (4.5, 1 / 21),
        pytest.param(0.0, 0.37, marks=LONG),
        pytest.param(4.5, 0.37, marks=LONG),
        pytest.param(1.5, 1 / 21, marks=LONG),
    ],
)
def test_roc_and_accuracy_intervals_cover(distance: float, prevalence: float) -> None:
    rng, draw = np.random.default_rng(5), ranked(distance, prevalence)
    true_auc, true_recall = norm.cdf(distance / np.sqrt(2)), norm.cdf(distance / 2)
    covered = dict.fromkeys(["auc", "auc difference", "accuracy", "accuracy difference"], 0)
    for repetition in range(REPETITIONS):
        one, other, y = draw(rng)
        found = compare_paired([ACCURACY, ROC_AUC], one, other, y, 100, CONFIDENCE, repetition)
        auc, accuracy = found["roc_auc"], found["accuracy"]
        covered["auc"] += auc.tuned.low <= true_auc <= auc.tuned.high
        covered["auc difference"] += auc.difference.low <= 0 <= auc.difference.high
        covered["accuracy"] += accuracy.tuned.low <= true_recall <= accuracy.tuned.high
        covered["accuracy difference"] += accuracy.difference.low <= 0 <= accuracy.difference.high
    for name, count in covered.items():
        assert count / REPETITIONS >= WITHIN_BINOMIAL_ERROR, (name, count / REPETITIONS)
