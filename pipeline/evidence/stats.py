"""Paired bootstrap over test rows and seeds: intervals, detectable differences, verdicts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import norm

from pipeline.evidence.metrics import Floats, Labels, probabilities, row_brier, row_log_loss

Verdict = Literal["helps", "hurts", "no detectable difference"]
POWER = 0.80
# Entries of one block of resamples, so that memory does not grow with rows times resamples.
BLOCK_ENTRIES = 4_000_000

# From the predictions of one network and row weights (resample, row) to values (resample,).
WeightedMetric = Callable[[Floats, Floats, Labels, Floats], Floats]


@dataclass(frozen=True)
class Interval:
    """An estimate and the bounds of its interval."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True)
class PairedMetric:
    """A metric of the two kinds of network, each the mean over its seeds, and their difference.

    difference: tuned minus baseline.
    detectable: the smallest true difference that this many rows and seeds would show as one, at
    80 % power (normal approximation).
    """

    tuned: Interval
    baseline: Interval
    difference: Interval
    detectable: float


def compare_paired(
    tuned: Floats, baseline: Floats, y: Labels, resamples: int, confidence: float, seed: int
) -> dict[str, PairedMetric]:
    """Every metric of both kinds of network on the same rows, from logits (seed, row, output).

    Rows are drawn with replacement within each class and seeds as pairs, because network s of
    both kinds started from the same weights; so what row and seed have in common cancels in the
    difference (two-way bootstrap after Owen 2007, doi:10.1214/07-AOAS122; percentile intervals).
    """
    values: dict[str, list[list[Floats]]] = {name: [[], []] for name in METRICS}
    for rows, seeds in _resamples(y, len(tuned), resamples, seed):
        for kind, logits in enumerate((tuned, baseline)):
            for name, of_network in _all_metrics(logits, y, rows).items():
                values[name][kind].append((of_network * seeds.T).sum(0) / seeds.sum(1))
    every = np.ones((1, len(y)))
    point_tuned, point_baseline = (_all_metrics(logits, y, every) for logits in (tuned, baseline))
    tails = ((1 - confidence) / 2, (1 + confidence) / 2)
    return {
        name: _paired(
            (float(point_tuned[name].mean()), np.concatenate(values[name][0])),
            (float(point_baseline[name].mean()), np.concatenate(values[name][1])),
            tails,
        )
        for name in METRICS
    }


def paired_difference(
    name: str,
    one: Floats,
    other: Floats,
    y: Labels,
    resamples: int,
    confidence: float,
    seed: int,
) -> Interval:
    """Interval of one metric's difference, one minus other, as `compare_paired` has it."""
    metric = METRICS[name]
    values: list[list[Floats]] = [[], []]
    every = np.ones((1, len(y)))
    networks = [
        list(zip(probabilities(logits), row_log_loss(logits, y), strict=True))
        for logits in (one, other)
    ]
    for rows, seeds in _resamples(y, len(one), resamples, seed):
        for kind, of_kind in enumerate(networks):
            of_network = np.stack([metric(p, losses, y, rows) for p, losses in of_kind])
            values[kind].append((of_network * seeds.T).sum(0) / seeds.sum(1))
    points = [
        np.mean([metric(p, losses, y, every)[0] for p, losses in of_kind]) for of_kind in networks
    ]
    draws = np.concatenate(values[0]) - np.concatenate(values[1])
    low, high = np.quantile(draws, ((1 - confidence) / 2, (1 + confidence) / 2))
    return Interval(float(points[0] - points[1]), float(low), float(high))


def verdict(difference: Interval) -> Verdict:
    """What a difference in a loss (lower is better) says at the interval's confidence."""
    if difference.high < 0:
        return "helps"
    if difference.low > 0:
        return "hurts"
    return "no detectable difference"


def _paired(
    tuned: tuple[float, Floats], baseline: tuple[float, Floats], tails: tuple[float, float]
) -> PairedMetric:
    """From an estimate and its (resample,) draws for each kind of network."""
    (tuned_estimate, tuned_draws), (baseline_estimate, baseline_draws) = tuned, baseline

    def interval(estimate: float, draws: Floats) -> Interval:
        low, high = np.quantile(draws, tails)
        return Interval(estimate, float(low), float(high))

    draws = tuned_draws - baseline_draws
    reach = norm.ppf(tails[1]) + norm.ppf(POWER)
    return PairedMetric(
        tuned=interval(tuned_estimate, tuned_draws),
        baseline=interval(baseline_estimate, baseline_draws),
        difference=interval(tuned_estimate - baseline_estimate, draws),
        detectable=float(reach * draws.std()),
    )


def _resamples(y: Labels, seeds: int, resamples: int, seed: int) -> Iterator[tuple[Floats, Floats]]:
    """Blocks of (resample, row) and (resample, seed) counts of draws with replacement."""
    rng = np.random.default_rng(seed)
    members = [np.flatnonzero(y == label) for label in np.unique(y)]
    block = max(1, BLOCK_ENTRIES // len(y))
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        rows = np.zeros((size, len(y)))
        for of_class in members:
            n = len(of_class)
            rows[:, of_class] = rng.multinomial(n, np.full(n, 1 / n), size)
        yield rows, rng.multinomial(seeds, np.full(seeds, 1 / seeds), size).astype(float)


def _all_metrics(logits: Floats, y: Labels, rows: Floats) -> dict[str, Floats]:
    """(seed, resample) values of each metric, for logits (seed, row, output)."""
    networks = list(zip(probabilities(logits), row_log_loss(logits, y), strict=True))
    return {
        name: np.stack([metric(p, losses, y, rows) for p, losses in networks])
        for name, metric in METRICS.items()
    }


def _log_loss(p: Floats, losses: Floats, y: Labels, rows: Floats) -> Floats:
    return _mean(losses, rows)


def _accuracy(p: Floats, losses: Floats, y: Labels, rows: Floats) -> Floats:
    return _mean(p.argmax(-1) == y, rows)


def _brier(p: Floats, losses: Floats, y: Labels, rows: Floats) -> Floats:
    return _mean(row_brier(p, y), rows)


def _balanced_accuracy(p: Floats, losses: Floats, y: Labels, rows: Floats) -> Floats:
    hit = p.argmax(-1) == y
    recalls = [_mean(hit[y == label], rows[:, y == label]) for label in np.unique(y)]
    return np.asarray(np.mean(recalls, axis=0))


def _roc_auc(p: Floats, losses: Floats, y: Labels, rows: Floats) -> Floats:
    return _one_against_rest(_ranking, p, y, rows)


def _pr_auc(p: Floats, losses: Floats, y: Labels, rows: Floats) -> Floats:
    return _one_against_rest(_average_precision, p, y, rows)


METRICS: Mapping[str, WeightedMetric] = {
    "log_loss": _log_loss,
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
    "roc_auc": _roc_auc,
    "pr_auc": _pr_auc,
    "brier": _brier,
}


def _mean(values: Floats, rows: Floats) -> Floats:
    return np.asarray(rows @ values / rows.sum(1))


def _one_against_rest(
    area: Callable[[Floats, Floats], Floats], p: Floats, y: Labels, rows: Floats
) -> Floats:
    """Area for class 1 of two classes, else the mean of the areas of each class."""
    classes = [1] if p.shape[-1] == 2 else range(p.shape[-1])
    return np.asarray(
        np.mean([area(*_by_threshold(p[:, label], y == label, rows)) for label in classes], axis=0)
    )


def _by_threshold(scores: Floats, positive: np.ndarray, rows: Floats) -> tuple[Floats, Floats]:
    """(resample, threshold) weights of positive and negative rows, from the highest score down.

    Rows with equal scores share a threshold.
    """
    order = np.argsort(-scores, kind="stable")
    first_of_score = np.flatnonzero(np.diff(scores[order], prepend=np.inf))
    weights, positive = rows[:, order], positive[order]
    return (
        np.add.reduceat(weights * positive, first_of_score, axis=1),
        np.add.reduceat(weights * ~positive, first_of_score, axis=1),
    )


def _ranking(positive: Floats, negative: Floats) -> Floats:
    """Share of pairs of a positive and a negative row that are ranked right, ties half."""
    total_positive, total_negative = positive.sum(1), negative.sum(1)
    below = total_negative[:, None] - negative.cumsum(1)
    right = (positive * (below + negative / 2)).sum(1)
    return np.asarray(right / (total_positive * total_negative))


def _average_precision(positive: Floats, negative: Floats) -> Floats:
    """Sum over thresholds of precision times the step in recall."""
    found, taken = positive.cumsum(1), (positive + negative).cumsum(1)
    precision = np.divide(found, taken, out=np.zeros_like(found), where=taken > 0)
    return np.asarray((positive * precision).sum(1) / positive.sum(1))
