from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer

from pipeline.comparison.published import (
    published_run_jobs,
    resampled_difference,
    summarize_repetitions,
)
from pipeline.config.errors import InputError
from pipeline.config.params import load_params
from pipeline.config.sections.compare import CompareParams
from pipeline.config.sections.published import PublishedRun
from pipeline.config.sections.train import TrainParams
from pipeline.data.prepare import Fold
from pipeline.training.fit import Fit
from tests.conftest import ROOT

TRAIN = TrainParams(batch_size=7, max_epochs=1, learning_rate=0.5)
NONE = np.empty(0, np.int32)
PUBLISHED = load_params(ROOT / "params.yaml").compare.published


def jobs(repeats: int, rows: int | None = None, published: PublishedRun = PUBLISHED) -> list:
    bunch = load_breast_cancer()
    compare = CompareParams(
        seeds=1, resamples=100, confidence=0.95, reference_repeats=repeats, rows=rows
    )
    every = Fold(bunch.data.astype(np.float32), bunch.target.astype(np.int32), NONE, NONE, NONE)
    return published_run_jobs(published, every, 2, TRAIN, compare, seed=3)


def test_repetitions_are_the_published_set_up_on_other_splits() -> None:
    made = jobs(4)
    assert len(made) == 8
    for without, with_dropout in zip(made[::2], made[1::2], strict=True):
        assert without.member.fold is with_dropout.member.fold
        assert without.member.seed == with_dropout.member.seed
        assert without.member.regularization.dropout == 0
        assert with_dropout.member.regularization.dropout == 0.5
        assert with_dropout.member.regularization.patience is None
        fold = without.member.fold
        assert len(fold.score) == 86
        assert sorted([*fold.fit, *fold.score]) == list(range(569))
    first = made[0]
    assert [layer.units for layer in first.architecture.layers] == [30, 300, 100]
    assert [layer.dropout for layer in first.architecture.layers] == [False, True, False]
    settings = (first.train.max_epochs, first.train.batch_size, first.train.learning_rate)
    assert settings == (10, 32, 0.001)
    assert not np.array_equal(made[0].member.fold.score, made[2].member.fold.score)
    few = jobs(1, rows=50)[0].member.fold
    assert (len(few.fit), len(few.score)) == (50, 86)
    assert not set(few.fit) & set(few.score)


def test_shares_count_whole_rows() -> None:
    made = jobs(4)
    # Rows wrong without and with dropout.
    wrong = [(1, 3), (2, 2), (4, 1), (1, 2)]
    fits = []
    for job, count in zip(made, [n for pair in wrong for n in pair], strict=True):
        y = job.member.fold.y[job.member.fold.score]
        sign = 2.0 * y - 1
        sign[:count] *= -1
        fits.append(Fit([], np.zeros(1), np.zeros(1), 0, sign[:, None]))
    result = summarize_repetitions(PUBLISHED, made, fits, 0.95)
    assert (result.worse, result.equal, result.better) == (0.5, 0.25, 0.25)
    # Two rows or more apart: the first and the third.
    assert result.as_large == 0.5
    assert result.without[0] == pytest.approx(85 / 86)
    assert result.difference.estimate == pytest.approx(0.0)
    assert result.verdict == "no detectable difference"
    assert (result.fit_rows, result.rows) == (483, 569)
    assert round(result.without_spread.mean, 4) == round(np.mean(result.without), 4)


@pytest.mark.parametrize(("worse", "verdict"), [((0, 9), "hurts"), ((9, 0), "helps")])
def test_a_clear_effect_of_dropout_is_told_by_accuracy(worse: tuple, verdict: str) -> None:
    made, fits = jobs(6), []
    for number, job in enumerate(made):
        y = job.member.fold.y[job.member.fold.score]
        sign = 2.0 * y - 1
        sign[: worse[number % 2] + number // 4] *= -1
        fits.append(Fit([], np.zeros(1), np.zeros(1), 0, sign[:, None]))
    assert summarize_repetitions(PUBLISHED, made, fits, 0.95).verdict == verdict


def test_interval_of_resampled_splits_covers_where_a_plain_one_does_not() -> None:
    """Test errors of splits of one data set, whose own luck all splits share."""
    rng, covered, plain = np.random.default_rng(0), 0, 0
    repetitions, repeats, rows, test = 500, 30, 200, 30
    for _ in range(repetitions):
        values = rng.normal(size=rows)
        splits = [rng.permutation(rows)[:test] for _ in range(repeats)]
        apart = np.array([values[split].mean() for split in splits])
        result = resampled_difference(apart, test / (rows - test), 0.95)
        covered += result.low <= 0 <= result.high
        plain += abs(apart.mean()) <= 2.05 * apart.std(ddof=1) / np.sqrt(repeats)
    assert covered / repetitions >= 0.93
    assert plain / repetitions < 0.80


def test_more_test_rows_than_there_are_rows_is_one_clear_line() -> None:
    with pytest.raises(InputError, match=r"^params.yaml: compare.published.test_rows is 569, want"):
        jobs(1, published=PUBLISHED.model_copy(update={"test_rows": 569}))


def test_without_published_accuracies_there_is_nothing_to_compare_with() -> None:
    unknown = PUBLISHED.model_copy(update={"accuracy_without": None, "accuracy_with": None})
    made = jobs(2, published=unknown)
    fits = []
    for job in made:
        y = job.member.fold.y[job.member.fold.score]
        fits.append(Fit([], np.zeros(1), np.zeros(1), 0, 2.0 * y[:, None] - 1))
    result = summarize_repetitions(unknown, made, fits, 0.95)
    assert (result.published_without, result.published_with, result.as_large) == (None, None, None)
