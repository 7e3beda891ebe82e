"""The single published runs this project starts from, repeated.

The notebooks train one network without dropout and one with, once each, on one split, and compare
two accuracies. Here the same is done many times, each on another split and from another seed. As
there, columns are scaled over all rows before the split, and a fixed number of epochs is trained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm, t

from pipeline.comparison.jobs import Job
from pipeline.comparison.variants import OFF
from pipeline.config.sections.compare import CompareParams
from pipeline.config.sections.data import Scale
from pipeline.config.sections.network import LayerParams
from pipeline.config.sections.train import TrainParams
from pipeline.data.prepare import Fold
from pipeline.statistics.bootstrap import POWER
from pipeline.statistics.intervals import Difference, Interval, Verdict, verdict
from pipeline.tasks.classification import Floats, accuracy, probabilities
from pipeline.training.architecture import Architecture
from pipeline.training.fit import Fit, Member


@dataclass(frozen=True)
class Setup:
    """A published experiment.

    scale: of the columns, over all rows. published: accuracy without and with dropout, if known.
    """

    scale: Scale
    layers: tuple[LayerParams, ...]
    rate: float
    epochs: int
    batch_size: int
    test_rows: int
    published: tuple[float, float] | None


# By name of the data set.
SETUPS: Mapping[str, Setup] = {
    "breast_cancer": Setup(
        scale="minmax",
        layers=(
            LayerParams(units=30),
            LayerParams(units=300, dropout=True),
            LayerParams(units=100),
        ),
        rate=0.5,
        epochs=10,
        batch_size=32,
        test_rows=86,
        published=(0.9884, 0.9651),
    ),
    "mnist": Setup(
        scale="image",
        layers=(LayerParams(units=128, dropout=True), LayerParams(units=64, dropout=True)),
        rate=0.5,
        epochs=10,
        batch_size=64,
        test_rows=10_000,
        published=None,
    ),
}


@dataclass(frozen=True)
class Spread:
    """Of one accuracy over the repetitions. low, high: 5th and 95th percentile."""

    mean: float
    deviation: float
    low: float
    high: float


@dataclass(frozen=True)
class Reference:
    """What the repetitions say.

    fit_rows, rows: rows that fitted each network, and all rows there are.
    without, with_dropout: accuracy of each repetition. difference: with minus without.
    verdict: on dropout, by the interval of the mean difference.
    worse, equal, better: shares of repetitions in which dropout is that.
    as_large: share of repetitions whose two networks differ, either way, by at least as much as the
    published ones; published figures are None where none are known.
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


def reference_jobs(
    setup: Setup,
    every: Fold,
    classes: int,
    train: TrainParams,
    compare: CompareParams,
    seed: int,
) -> list[Job]:
    """The network without and with dropout of each repetition, next to each other.

    every: all rows, in its x and y.
    """
    architecture = Architecture(every.x.shape[1], classes, setup.layers, False, False)
    settings = train.model_copy(
        update={
            "max_epochs": setup.epochs, "batch_size": setup.batch_size, "learning_rate": 0.001
        }
    )  # fmt: skip
    jobs = []
    for number in range(compare.reference_repeats):
        order = np.random.default_rng([seed, number]).permutation(len(every.y)).astype(np.int32)
        test, rest = order[: setup.test_rows], order[setup.test_rows :][: compare.rows]
        # Nothing stops these fits; the trainer watches some rows all the same.
        fold = Fold(every.x, every.y, fit=rest, stop=rest[:1], score=test)
        jobs += [
            Job(
                Member(fold, OFF.model_copy(update={"dropout": rate}), seed + number),
                architecture,
                settings,
                "a network of the reference experiment",
                keep_weights=False,
            )
            for rate in (0.0, setup.rate)
        ]
    return jobs


def repeat_reference(
    setup: Setup, jobs: Sequence[Job], fits: Sequence[Fit], confidence: float
) -> Reference:
    """From the fits of `reference_jobs`."""
    scores = np.array(
        [
            accuracy(probabilities(fit.score_logits), job.member.fold.y[job.member.fold.score])
            for job, fit in zip(jobs, fits, strict=True)
        ]
    )
    without, with_dropout = scores[::2], scores[1::2]
    apart = with_dropout - without
    fold = jobs[0].member.fold
    published = setup.published
    # Accuracies are whole rows over test_rows: half a row tells them apart.
    half = 0.5 / setup.test_rows
    difference = resampled_difference(apart, len(fold.score) / len(fold.fit), confidence)
    return Reference(
        repeats=len(apart),
        test_rows=setup.test_rows,
        fit_rows=len(fold.fit),
        rows=len(fold.y),
        rate=setup.rate,
        epochs=setup.epochs,
        published_without=published[0] if published else None,
        published_with=published[1] if published else None,
        without=tuple(without.tolist()),
        with_dropout=tuple(with_dropout.tolist()),
        without_spread=_spread(without),
        with_spread=_spread(with_dropout),
        difference=difference,
        # Of accuracies, more is better.
        verdict=verdict(Interval(-difference.estimate, -difference.high, -difference.low)),
        worse=float((apart < -half).mean()),
        equal=float((np.abs(apart) <= half).mean()),
        better=float((apart > half).mean()),
        as_large=(
            float((np.abs(apart) > abs(published[1] - published[0]) - half).mean())
            if published
            else None
        ),
    )


def resampled_difference(apart: Floats, test_to_fit: float, confidence: float) -> Difference:
    """Mean of (repeat,) differences from random splits of the same rows, with its interval.

    The splits share rows, so their differences are not independent: corrected as Nadeau and Bengio
    2003 do (doi:10.1023/A:1024068626366). test_to_fit: test rows over fitting rows.
    """
    n, estimate = len(apart), float(apart.mean())
    error = float(np.sqrt((1 / n + test_to_fit) * apart.var(ddof=1))) if n > 1 else 0.0
    if error == 0:
        return Difference(estimate, estimate, estimate, 1.0, 0.0)
    reach = float(t.ppf((1 + confidence) / 2, n - 1))
    return Difference(
        estimate,
        estimate - reach * error,
        estimate + reach * error,
        p_value=float(2 * t.sf(abs(estimate) / error, n - 1)),
        detectable=(reach + float(norm.ppf(POWER))) * error,
    )


def _spread(values: Floats) -> Spread:
    low, high = np.quantile(values, [0.05, 0.95])
    deviation = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    return Spread(float(values.mean()), deviation, float(low), float(high))
