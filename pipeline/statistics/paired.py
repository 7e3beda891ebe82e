"""Every metric of two kinds of network on the same rows, with intervals of their difference."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from scipy.stats import norm
from sklearn.metrics import recall_score
from statsmodels.stats.contingency_tables import mcnemar

from pipeline.statistics import proportions as bounded
from pipeline.statistics.bootstrap import BLOCK_ENTRIES, POWER, mean_differences
from pipeline.statistics.intervals import Interval
from pipeline.tasks import weighted
from pipeline.tasks.arrays import Floats, Labels
from pipeline.tasks.classification import probabilities, row_brier, row_log_loss

# Correlations and areas are rounded by their arithmetic; below this a spread is none.
NO_SPREAD = 1e-12

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True)
class PairedMetric:
    """A metric of the two kinds of network, each the mean over its seeds, and their difference.

    difference: tuned minus baseline.
    detectable: the smallest true difference that this many rows and seeds would show as one, at
    80 % power (normal approximation).
    measurable: False where all resamples agree, so that the width of the interval says nothing.
    """

    tuned: Interval
    baseline: Interval
    difference: Interval
    detectable: float
    measurable: bool = True


@dataclass(frozen=True)
class McNemar:
    """The registered pair, row by row: which one is right where the other is wrong.

    p_value: exact, two-sided, of both being wrong equally often.
    """

    only_tuned_right: int
    only_baseline_right: int
    p_value: float


class _Pair(NamedTuple, Generic[T]):
    """The same of the tuned and of the baseline networks."""

    tuned: T
    baseline: T

    def each(self, work: Callable[[T], U]) -> _Pair[U]:
        """Both, changed alike."""
        return _Pair(work(self.tuned), work(self.baseline))


MEANS = ("log_loss", "brier")
BOUNDED = ("accuracy", *weighted.WITHIN_CLASSES)
METRICS = ("log_loss", "accuracy", "balanced_accuracy", "roc_auc", "pr_auc", "brier")


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
    paired = compare_paired(one, other, y, resamples, confidence, seed, names=(name,))
    return paired[name].difference


def compare_paired(
    tuned: Floats,
    baseline: Floats,
    y: Labels,
    resamples: int,
    confidence: float,
    seed: int,
    names: Sequence[str] = METRICS,
) -> dict[str, PairedMetric]:
    """Metrics of both kinds of network on the same rows, from logits (seed, row, output).

    Network s of both kinds started from the same weights, so what row and seed have in common
    cancels in the difference. Means over rows (log loss, Brier) come from `means`. For the others,
    rows are drawn with replacement (within each class where a metric is about classes) and seeds
    as pairs; accuracy, balanced accuracy and ROC area are widened to their score intervals, which
    keep a width where nothing is wrong, and their differences put together from those.
    """
    logits = _Pair(tuned, baseline)
    p = logits.each(probabilities)
    paired = {}
    for name in (name for name in MEANS if name in names):
        if name == "log_loss":
            pair = logits.each(lambda of_kind: row_log_loss(of_kind, y))
        else:
            pair = p.each(lambda of_kind: row_brier(of_kind, y))
        arrays = [*pair, pair.tuned - pair.baseline]
        of_tuned, of_baseline, both = mean_differences(arrays, resamples, confidence, seed)
        apart = Interval(both.estimate, both.low, both.high)
        paired[name] = PairedMetric(_loss(of_tuned), _loss(of_baseline), apart, both.detectable)
    bounded_names = [name for name in BOUNDED if name in names]
    draws = _draws(bounded_names, p, y, resamples, seed)
    for name in bounded_names:
        paired[name] = _bounded(name, draws[name], p, y, confidence)
    return {name: paired[name] for name in METRICS if name in names}


def compare_registered(tuned: Floats, baseline: Floats, y: Labels) -> McNemar:
    """McNemar's exact test of two networks, from their probabilities (row, class)."""
    right = [p.argmax(-1) == y for p in (tuned, baseline)]
    table = np.array([[np.sum(right[0] & right[1]), np.sum(right[0] & ~right[1])],
                      [np.sum(~right[0] & right[1]), np.sum(~right[0] & ~right[1])]])  # fmt: skip
    p_value = min(1.0, float(mcnemar(table, exact=True).pvalue))
    return McNemar(int(table[0, 1]), int(table[1, 0]), p_value)


def _loss(interval: Interval) -> Interval:
    """Of a loss, which is never below 0."""
    return Interval(interval.estimate, max(0.0, interval.low), interval.high)


def _bounded(
    name: str, draws: _Pair[Floats], p: _Pair[Floats], y: Labels, confidence: float
) -> PairedMetric:
    """From (resample,) draws of a metric in [0, 1], and probabilities (seed, row, class)."""
    tails = ((1 - confidence) / 2, (1 + confidence) / 2)

    def of(estimate: float, drawn: Floats) -> Interval:
        low, high = np.quantile(drawn, tails)
        return Interval(estimate, float(low), float(high))

    every = np.ones((1, len(y)))
    point = p.each(lambda of_kind: min(1.0, float(_values(name, of_kind, y, every).mean())))
    intervals = _Pair(of(point.tuned, draws.tuned), of(point.baseline, draws.baseline))
    spread = [bool(drawn.std() > NO_SPREAD) for drawn in draws]
    measurable = any(spread)
    if name == "pr_auc":
        difference = of(point.tuned - point.baseline, draws.tuned - draws.baseline)
    else:
        intervals = _Pair(
            bounded.hull(intervals.tuned, _score(name, point.tuned, p.tuned, y, confidence)),
            bounded.hull(
                intervals.baseline, _score(name, point.baseline, p.baseline, y, confidence)
            ),
        )
        correlation = float(np.corrcoef(draws.tuned, draws.baseline)[0, 1]) if all(spread) else 0.0
        difference, measurable = bounded.difference(*intervals, correlation), True
    if np.array_equal(p.tuned, p.baseline):
        difference = Interval(0.0, 0.0, 0.0)
    reach = norm.ppf(tails[1])
    detectable = (difference.high - difference.low) / 2 * (1 + norm.ppf(POWER) / reach)
    return PairedMetric(*intervals, difference, float(detectable), measurable)


def _score(name: str, estimate: float, p: Floats, y: Labels, confidence: float) -> Interval:
    """Score interval of the mean over networks; p: (seed, row, class)."""
    if name == "accuracy":
        return bounded.wilson(estimate, len(y), confidence)
    if name == "roc_auc":
        return bounded.macro_area(estimate, y, p.shape[-1], confidence)
    labels, rows = np.unique(y, return_counts=True)
    recalls = np.mean(
        [recall_score(y, of_net.argmax(-1), labels=labels, average=None) for of_net in p], axis=0
    )
    return bounded.mean_recall(recalls.tolist(), rows.tolist(), confidence)


def _draws(
    names: Sequence[str], p: _Pair[Floats], y: Labels, resamples: int, seed: int
) -> dict[str, _Pair[Floats]]:
    """(resample,) values of bounded metrics for both kinds."""
    found: dict[str, list[list[Floats]]] = {}
    for whole, within, seeds in _resamples(y, len(p.tuned), resamples, seed):
        for name in names:
            rows = whole if name == "accuracy" else within
            for kind, of_kind in enumerate(p):
                values = (_values(name, of_kind, y, rows) * seeds.T).sum(0) / seeds.sum(1)
                found.setdefault(name, [[], []])[kind].append(values)
    return {
        # Sums of weights round to a hair outside of [0, 1].
        name: _Pair(*(np.clip(np.concatenate(kind), 0, 1) for kind in (tuned, baseline)))
        for name, (tuned, baseline) in found.items()
    }


def _values(name: str, p: Floats, y: Labels, rows: Floats) -> Floats:
    """(seed, resample) values of a metric, for probabilities (seed, row, class)."""
    metric = weighted.WITHIN_CLASSES.get(name, weighted.accuracy)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return np.stack(list(pool.map(lambda of_network: metric(of_network, y, rows), p)))


def _resamples(
    y: Labels, seeds: int, resamples: int, seed: int
) -> Iterator[tuple[Floats, Floats, Floats]]:
    """Blocks of draws with replacement: of all rows, of rows within classes, and of seeds.

    Within a class of n rows, n - 1 are drawn and weigh n / (n - 1), which makes the variance right
    in small classes too (Rao and Wu 1988, doi:10.1080/01621459.1988.10478591).
    """
    rng = np.random.default_rng(seed)
    members = [np.flatnonzero(y == label) for label in np.unique(y)]
    block = max(1, BLOCK_ENTRIES // len(y))
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        whole = rng.multinomial(len(y), np.full(len(y), 1 / len(y)), size).astype(float)
        within = np.ones((size, len(y)))
        for of_class in members:
            n = len(of_class)
            if n > 1:
                within[:, of_class] = rng.multinomial(n - 1, np.full(n, 1 / n), size) * n / (n - 1)
        yield whole, within, rng.multinomial(seeds, np.full(seeds, 1 / seeds), size).astype(float)
