"""Every metric of two kinds of network on the same rows, with intervals of their difference."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from scipy.special import ndtri

from pipeline.statistics import proportions
from pipeline.statistics.bootstrap import BLOCK_ENTRIES, POWER, mean_differences
from pipeline.statistics.intervals import Interval
from pipeline.statistics.score_intervals import SCORE_INTERVALS
from pipeline.tasks.arrays import Floats, Labels
from pipeline.tasks.metric import Metric, Resampling

# Correlations and areas are rounded by their arithmetic; below this a spread is none.
NO_SPREAD = 1e-12

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True)
class PairedMetric:
    """A metric of the two kinds of network, each the mean over its seeds, and their difference.

    difference: tuned minus baseline.
    detectable: the smallest true difference that this many rows and seeds would detect with 80 %
    power (normal approximation).
    measurable: False where all resamples agree, so that the width of the interval says nothing.
    """

    tuned: Interval
    baseline: Interval
    difference: Interval
    detectable: float
    measurable: bool = True


@dataclass(frozen=True)
class McNemar:
    """The registered pair, row by row: how often one network is right where the other is wrong.

    p_value: exact, two-sided, for both being wrong equally often.
    """

    only_tuned_right: int
    only_baseline_right: int
    p_value: float


class _Pair(NamedTuple, Generic[T]):
    """The same quantity for the tuned and for the baseline networks."""

    tuned: T
    baseline: T

    def each(self, work: Callable[[T], U]) -> _Pair[U]:
        """Apply the same function to both."""
        return _Pair(work(self.tuned), work(self.baseline))


def compare_paired(
    metrics: Sequence[Metric],
    tuned: Floats,
    baseline: Floats,
    y: Labels,
    resamples: int,
    confidence: float,
    seed: int,
) -> dict[str, PairedMetric]:
    """Compare both kinds of network on the same rows, from their outputs (seed, row, output).

    Network s of both kinds started from the same weights, so what row and seed have in common
    cancels in the difference. Means over rows (log loss, Brier) have the interval of
    `mean_differences`. For metrics with a resampling, rows are drawn with replacement (within each
    class where a metric is about classes) and seeds as pairs. Those with a score interval are
    widened to it, as it keeps a width where nothing is wrong, and the interval of their difference
    is put together from those of both kinds.
    """
    outputs = _Pair(np.asarray(tuned, np.float64), np.asarray(baseline, np.float64))
    resampled = {metric.name: metric.resampling for metric in metrics if metric.resampling}
    draws = _draws(resampled, outputs, y, resamples, seed)
    return {
        metric.name: _from_draws(metric, draws[metric.name], outputs, y, confidence)
        if metric.resampling
        else _from_means(metric, outputs, y, resamples, confidence, seed)
        for metric in metrics
    }


def compare_registered(tuned: Floats, baseline: Floats, y: Labels) -> McNemar:
    """Return McNemar's exact test of two networks, from their probabilities (row, class)."""
    from statsmodels.stats.contingency_tables import mcnemar  # only here: it takes a second

    right = [p.argmax(-1) == y for p in (tuned, baseline)]
    table = np.array([[np.sum(right[0] & right[1]), np.sum(right[0] & ~right[1])],
                      [np.sum(~right[0] & right[1]), np.sum(~right[0] & ~right[1])]])  # fmt: skip
    p_value = min(1.0, float(mcnemar(table, exact=True).pvalue))
    return McNemar(int(table[0, 1]), int(table[1, 0]), p_value)


def _from_means(
    metric: Metric,
    outputs: _Pair[Floats],
    y: Labels,
    resamples: int,
    confidence: float,
    seed: int,
) -> PairedMetric:
    """Compare a mean over rows."""
    row_values = metric.row_values
    assert row_values, "a metric without resampling is a mean over rows"
    pair = outputs.each(lambda networks: row_values(networks, y))
    tuned, baseline, both = mean_differences(
        [*pair, pair.tuned - pair.baseline], resamples, confidence, seed
    )
    difference = Interval(both.estimate, both.low, both.high)
    return PairedMetric(
        _clipped(tuned, metric), _clipped(baseline, metric), difference, both.detectable
    )


def _clipped(interval: Interval, metric: Metric) -> Interval:
    """Return the part of an interval that lies within the metric's bounds."""
    low, high = metric.bounds
    return Interval(interval.estimate, max(low, interval.low), min(high, interval.high))


def _from_draws(
    metric: Metric, draws: _Pair[Floats], outputs: _Pair[Floats], y: Labels, confidence: float
) -> PairedMetric:
    """Compare a resampled metric, from its (resample,) values; outputs: (seed, row, output)."""
    assert metric.resampling
    resampling, (low, high) = metric.resampling, metric.bounds
    tails = ((1 - confidence) / 2, (1 + confidence) / 2)

    def percentiles(estimate: float, values: Floats) -> Interval:
        return Interval(estimate, *(float(end) for end in np.quantile(values, tails)))

    def estimate(networks: Floats) -> float:
        once = np.ones((1, len(y)))
        return float(np.clip(_values(resampling, networks, y, once).mean(), low, high))

    point = outputs.each(estimate)
    # Sums of weights round to a hair outside of the bounds.
    draws = draws.each(lambda values: np.clip(values, low, high))
    kinds = _Pair(*(percentiles(*kind) for kind in zip(point, draws, strict=True)))
    spread = [bool(values.std() > NO_SPREAD) for values in draws]
    measurable = any(spread)
    if resampling.score_interval is None:
        difference = percentiles(point.tuned - point.baseline, draws.tuned - draws.baseline)
    else:
        score_interval = SCORE_INTERVALS[resampling.score_interval]
        kinds = _Pair(
            *(
                proportions.hull(kind, score_interval(kind.estimate, networks, y, confidence))
                for kind, networks in zip(kinds, outputs, strict=True)
            )
        )
        correlation = float(np.corrcoef(*draws)[0, 1]) if all(spread) else 0.0
        difference, measurable = proportions.difference(*kinds, correlation), True
    if np.array_equal(*outputs):
        difference = Interval(0.0, 0.0, 0.0)
    reach = ndtri(tails[1])
    detectable = (difference.high - difference.low) / 2 * (1 + ndtri(POWER) / reach)
    return PairedMetric(*kinds, difference, float(detectable), measurable)


def _draws(
    resampled: Mapping[str, Resampling],
    outputs: _Pair[Floats],
    y: Labels,
    resamples: int,
    seed: int,
) -> dict[str, _Pair[Floats]]:
    """Return (resample,) values of each metric for both kinds; all see the same resamples."""
    draws: dict[str, _Pair[list[Floats]]] = {name: _Pair([], []) for name in resampled}
    for whole, within, seeds in _resamples(y, len(outputs.tuned), resamples, seed):
        for name, resampling in resampled.items():
            rows = within if resampling.within_classes else whole
            for blocks, networks in zip(draws[name], outputs, strict=True):
                values = _values(resampling, networks, y, rows)
                blocks.append((values * seeds.T).sum(0) / seeds.sum(1))
    return {name: blocks.each(np.concatenate) for name, blocks in draws.items()}


def _values(resampling: Resampling, outputs: Floats, y: Labels, rows: Floats) -> Floats:
    """Return (seed, resample) values of a metric, for outputs (seed, row, output)."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        values = pool.map(lambda network: resampling.weighted(network, y, rows), outputs)
        return np.stack(list(values))


def _resamples(
    y: Labels, seeds: int, resamples: int, seed: int
) -> Iterator[tuple[Floats, Floats, Floats]]:
    """Yield blocks of draws with replacement: of all rows, of rows within classes, and of seeds.

    Within a class of n rows, n - 1 are drawn and weigh n / (n - 1), which makes the variance right
    in small classes too (Rao and Wu 1988, doi:10.1080/01621459.1988.10478591).
    """
    rng = np.random.default_rng(seed)
    # A number to predict has no classes.
    labels = np.unique(y) if y.dtype.kind != "f" else y[:0]
    classes = [np.flatnonzero(y == label) for label in labels]
    block = max(1, BLOCK_ENTRIES // len(y))
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        whole = rng.multinomial(len(y), np.full(len(y), 1 / len(y)), size).astype(float)
        within = np.ones((size, len(y)))
        for members in classes:
            n = len(members)
            if n > 1:
                within[:, members] = rng.multinomial(n - 1, np.full(n, 1 / n), size) * n / (n - 1)
        yield whole, within, rng.multinomial(seeds, np.full(seeds, 1 / seeds), size).astype(float)
