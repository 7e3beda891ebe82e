"""The published single run this project starts from, repeated.

A notebook trains one network without dropout and one with, once each, on one split, and compares
two accuracies. Here the same is done many times, each on another split and from another seed. As
there, columns are scaled over all rows before the split, and a fixed number of epochs is trained.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri, stdtr, stdtrit

from pipeline.comparison.jobs import Job
from pipeline.config.errors import InputError
from pipeline.config.sections.compare import CompareParams
from pipeline.config.sections.published import PublishedRun
from pipeline.config.sections.regularization import OFF
from pipeline.config.sections.train import TrainParams
from pipeline.data.prepare import Fold
from pipeline.statistics.bootstrap import POWER
from pipeline.statistics.intervals import Difference, Interval, Verdict, verdict
from pipeline.tasks.arrays import Floats
from pipeline.tasks.classification import accuracy, probabilities
from pipeline.training.architecture import Architecture
from pipeline.training.fit import Fit, Member

LEARNING_RATE = 0.001


@dataclass(frozen=True)
class Spread:
    """The spread of one accuracy over the repetitions. low, high: 5th and 95th percentile."""

    mean: float
    deviation: float
    low: float
    high: float


@dataclass(frozen=True)
class RepeatedRun:
    """Says what the repetitions of the published run show.

    fit_rows, rows: number of rows that fitted each network, and of all rows.
    without, with_dropout: accuracy of each repetition. difference: with minus without.
    verdict: on dropout, by the interval of the mean difference.
    worse, equal, better: shares of the repetitions in which dropout is worse, equal and better.
    as_large: share of repetitions whose two networks differ, either way, by at least as much as the
    published ones. It and the published accuracies are None if the latter are not known.
    """

    repeats: int
    test_rows: int
    fit_rows: int
    rows: int
    rate: float
    epochs: int
    published_without: float | None
    published_with: float | None
    without: tuple[float, ...]
    with_dropout: tuple[float, ...]
    without_spread: Spread
    with_spread: Spread
    difference: Difference
    verdict: Verdict
    worse: float
    equal: float
    better: float
    as_large: float | None


def published_run_jobs(
    published: PublishedRun,
    all_rows: Fold,
    classes: int,
    train: TrainParams,
    compare: CompareParams,
    seed: int,
) -> list[Job]:
    """List the networks of each repetition, first the one without dropout, then the one with.

    all_rows: only its x and y are used. `InputError` if too few rows are left to fit a network.
    """
    if published.test_rows >= len(all_rows.y):
        raise InputError(
            f"params.yaml: compare.published.test_rows is {published.test_rows}, want fewer than"
            f" the {len(all_rows.y)} rows of {published.data}. Lower it, or set compare.published"
            " to null."
        )
    architecture = Architecture(all_rows.x.shape[1], classes, published.layers, False, False)
    settings = train.model_copy(
        update={
            "max_epochs": published.epochs,
            "batch_size": published.batch_size,
            "learning_rate": LEARNING_RATE,
        }
    )
    jobs = []
    for number in range(compare.reference_repeats):
        rng = np.random.default_rng([seed, number])
        order = rng.permutation(len(all_rows.y)).astype(np.int32)
        test, rest = np.split(order, [published.test_rows])
        rest = rest[: compare.rows]
        # Nothing stops these fits; the trainer watches some rows all the same.
        fold = Fold(all_rows.x, all_rows.y, fit=rest, stop=rest[:1], score=test)
        jobs += [
            Job(
                Member(fold, OFF.model_copy(update={"dropout": rate}), seed + number),
                architecture,
                settings,
                "a network of the reference experiment",
                keep_weights=False,
            )
            for rate in (0.0, published.rate)
        ]
    return jobs


def summarize_repetitions(
    published: PublishedRun, jobs: Sequence[Job], fits: Sequence[Fit], confidence: float
) -> RepeatedRun:
    """Summarize the fits of `published_run_jobs`."""
    accuracies = np.array(
        [
            accuracy(probabilities(fit.score_logits), job.member.fold.y[job.member.fold.score])
            for job, fit in zip(jobs, fits, strict=True)
        ]
    )
    without, with_dropout = accuracies[::2], accuracies[1::2]
    changes = with_dropout - without
    fold = jobs[0].member.fold
    # Accuracies are whole rows over test_rows: half a row tells them apart.
    half_row = 0.5 / published.test_rows
    difference = resampled_difference(changes, len(fold.score) / len(fold.fit), confidence)
    return RepeatedRun(
        repeats=len(changes),
        test_rows=published.test_rows,
        fit_rows=len(fold.fit),
        rows=len(fold.y),
        rate=published.rate,
        epochs=published.epochs,
        published_without=published.accuracy_without,
        published_with=published.accuracy_with,
        without=tuple(without.tolist()),
        with_dropout=tuple(with_dropout.tolist()),
        without_spread=_spread(without),
        with_spread=_spread(with_dropout),
        difference=difference,
        # The verdict is on a loss, but more accuracy is better.
        verdict=verdict(Interval(-difference.estimate, -difference.high, -difference.low)),
        worse=float((changes < -half_row).mean()),
        equal=float((np.abs(changes) <= half_row).mean()),
        better=float((changes > half_row).mean()),
        as_large=_share_as_large(changes, published, half_row),
    )


def _share_as_large(changes: Floats, published: PublishedRun, half_row: float) -> float | None:
    if published.accuracy_without is None or published.accuracy_with is None:
        return None
    size = abs(published.accuracy_with - published.accuracy_without)
    return float((np.abs(changes) > size - half_row).mean())


def resampled_difference(changes: Floats, test_to_fit: float, confidence: float) -> Difference:
    """Return the mean of (repeat,) differences over random splits, with its interval.

    The splits are of the same rows, so their differences are not independent: the interval is
    corrected after Nadeau and Bengio 2003 (doi:10.1023/A:1024068626366). test_to_fit: test rows
    over fitting rows.
    """
    n, estimate = len(changes), float(changes.mean())
    error = float(np.sqrt((1 / n + test_to_fit) * changes.var(ddof=1))) if n > 1 else 0.0
    if error == 0:
        return Difference(estimate, estimate, estimate, 1.0, 0.0)
    reach = float(stdtrit(n - 1, (1 + confidence) / 2))
    return Difference(
        estimate,
        estimate - reach * error,
        estimate + reach * error,
        p_value=float(2 * stdtr(n - 1, -abs(estimate) / error)),
        detectable=(reach + float(ndtri(POWER))) * error,
    )


def _spread(values: Floats) -> Spread:
    low, high = np.quantile(values, [0.05, 0.95])
    deviation = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    return Spread(float(values.mean()), deviation, float(low), float(high))
