from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from pipeline.config.params import Params
from pipeline.config.sections.regularization import Regularization
from pipeline.data.prepare import Fold, prepare_cv
from pipeline.data.schema import FOLD_COLUMN
from pipeline.evaluation.inner_search import InnerSearch, search_inside
from pipeline.evaluation.outer import Rows
from pipeline.training.fit import Trainer


@pytest.fixture
def folds(rows: Rows) -> list[Fold]:
    train = rows.frame[:80].assign(**{FOLD_COLUMN: np.arange(80) % 2})
    return prepare_cv(train, rows.frame[80:100], rows.schema, "minmax")


def search(
    folds: list[Fold], params: Params, trainer: Trainer, place: tuple[int, ...] = (1, 0, 0)
) -> InnerSearch:
    return search_inside(folds, 2, params, trainer, place, seed=5)


def tried(found: InnerSearch) -> list[Regularization]:
    return [trial.regularization for trial in found.trials]


def test_design_comes_first_and_proposals_build_on_it(
    folds: list[Fold], params: Params, trainer: Trainer
) -> None:
    found = search(folds, params, trainer)
    off = params.baseline
    assert tried(found)[:5] == [
        off,
        off.model_copy(update={"dropout": 0.7}),
        off.model_copy(update={"l1": 0.01}),
        off.model_copy(update={"l2": 0.01}),
        off.model_copy(update={"patience": 20}),
    ]
    assert len(tried(found)) == len(set(tried(found))) == params.evaluate.trials
    assert all(trial.patience is not None for trial in tried(found)[5:])
    assert set(found.alone) == {"dropout", "l1", "l2", "patience"}
    assert found.best.loss == min(trial.loss for trial in found.trials if trial.loss is not None)


def test_search_is_a_function_of_its_place(
    folds: list[Fold], params: Params, trainer: Trainer
) -> None:
    one, again = (tried(search(folds, params, trainer)) for _ in range(2))
    assert one == again
    other = tried(search(folds, params, trainer, place=(1, 0, 1)))
    assert one[:5] == other[:5]
    assert not set(one[5:]) & set(other[5:])


def test_strength_alone_is_the_best_of_its_design(
    folds: list[Fold], params: Params, trainer: Trainer
) -> None:
    raw = params.model_dump()
    raw["evaluate"]["strengths"] = 3
    found = search(folds, Params.model_validate(raw), trainer)
    at = {"dropout": slice(1, 4), "l1": slice(4, 7), "l2": slice(7, 10), "patience": slice(10, 13)}
    for name, trial in found.alone.items():
        design = found.trials[at[name]]
        assert all(getattr(one.regularization, name) for one in design)
        assert trial.loss == min(one.loss for one in design if one.loss is not None)
    # There are as many trials as the design has, for it is always tried.
    assert len(found.trials) == 13


def test_predictions_of_a_trial_are_of_every_row_once(
    folds: list[Fold], params: Params, trainer: Trainer
) -> None:
    trial = search(folds, params, trainer).best
    assert trial.logits.shape == (80, 1)
    assert np.array_equal(trial.y, np.concatenate([fold.y[fold.score] for fold in folds]))


def test_failed_trials_are_never_the_best(
    folds: list[Fold], params: Params, trainer: Trainer
) -> None:
    hot = params.train.model_copy(update={"learning_rate": 1e30})
    broken = params.model_copy(update={"train": hot})
    with pytest.raises(Exception, match="no network of an inner search has a finite loss"):
        search(folds, broken, partial(trainer))
