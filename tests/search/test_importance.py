"""The importance of tuned values has an interval that says how sure the trials are of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import optuna
import pytest

from pipeline.config.params import Params
from pipeline.config.sections.regularization import OFF, Regularization
from pipeline.search.score import Score
from pipeline.search.study import Study
from pipeline.search.views import importance as view
from pipeline.search.views.importance import importance
from pipeline.tasks.classification import CLASSIFICATION


def score(values: Regularization) -> Score:
    """Return a score that dropout alone moves."""
    same = dict.fromkeys(CLASSIFICATION.names, 0.9)
    folds = tuple(same | {"log_loss": abs(values.dropout - 0.3) + k / 50} for k in range(2))
    return Score(folds=folds, epochs=(1, 1), loss=(1.0,), val_loss=(1.0,))


@pytest.fixture
def study(params: Params, tmp_path: Path) -> Study:
    search = params.search.model_copy(update={"trials": 30, "batch": 10})
    backend = optuna.storages.get_storage(f"sqlite:///{tmp_path / 'study.db'}")
    study = Study(backend, "toy", search, OFF, seed=1)
    for wave in study.remaining_waves():
        study.tell(wave, [score(trial.regularization) for trial in wave])
    return study


def test_what_moves_the_score_stands_out_of_its_interval(study: Study) -> None:
    shares = importance(study)
    assert set(shares) == {"dropout", "l1", "l2", "patience"}
    assert sum(share.estimate for share in shares.values()) == pytest.approx(1)
    whole = optuna.importance.get_param_importances(study.as_optuna())
    for name, share in shares.items():
        assert share.estimate == pytest.approx(whole[name])
        assert 0 <= share.low <= share.estimate <= share.high <= 1
        assert share.low < share.high
    assert max(shares, key=lambda name: shares[name].estimate) == "dropout"


def test_the_intervals_are_percentiles_over_resamples(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first call is of all trials as they are; each other one is of as many, drawn again."""
    seen: list[list[float]] = []
    real = view._shares

    def noted(trials: list[optuna.trial.FrozenTrial]) -> dict[str, float]:
        seen.append([trial.params["dropout"] for trial in trials])
        return real(trials)

    monkeypatch.setattr(view, "_shares", noted)
    first = importance(study, resamples=5)
    assert len(seen) == 6
    assert all(len(drawn) == 30 for drawn in seen)
    assert all(len(set(drawn)) < len(set(seen[0])) for drawn in seen[1:])
    assert len({tuple(drawn) for drawn in seen}) == 6
    assert importance(study, resamples=5) == first


def test_few_trials_have_no_importance(
    study: Study, params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view, "MIN_TRIALS", 31)
    assert importance(study) == {}


def test_a_value_with_one_place_in_its_range_has_no_share(params: Params, tmp_path: Path) -> None:
    space = params.search.space.model_dump()
    space["l1"] = {"low": 0.0, "high": 0.0, "log": False}
    raw = params.model_dump()
    raw["search"] |= {"space": space, "trials": 20, "batch": 10}
    search = Params.model_validate(raw).search
    backend = optuna.storages.get_storage(f"sqlite:///{tmp_path / 'study.db'}")
    study = Study(backend, "toy", search, OFF, seed=1)
    for wave in study.remaining_waves():
        study.tell(wave, [score(trial.regularization) for trial in wave])
    shares = importance(study, resamples=3)
    assert shares["dropout"].estimate > 0.5
    assert np.isfinite([end for s in shares.values() for end in (s.low, s.high)]).all()
