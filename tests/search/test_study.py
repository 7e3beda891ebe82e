from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import optuna
import pytest

from pipeline.config.errors import InputError
from pipeline.config.params import Params
from pipeline.config.sections.regularization import OFF, Regularization
from pipeline.config.sections.search import SearchParams
from pipeline.search.score import Score
from pipeline.search.study import Study, Trial
from pipeline.search.views import summary
from pipeline.tasks.classification import CLASSIFICATION


def storage(path: Path) -> optuna.storages.BaseStorage:
    return optuna.storages.get_storage(f"sqlite:///{path}")


def score(values: Regularization) -> Score:
    """Return a smooth function of the values, as a stand-in for minutes of training."""
    patience = values.patience or 30
    loss = (values.dropout - 0.4) ** 2 + np.log10(values.l2 + 1e-8) ** 2 / 100 + patience / 90
    same = dict.fromkeys(CLASSIFICATION.names, 0.9)
    folds = [same | {"log_loss": loss + k / 50} for k in range(3)]
    return Score(folds=tuple(folds), epochs=(3, 4, 5), loss=(1.0,), val_loss=(1.0,))


class Killed(BaseException):
    """Stands for SIGKILL: none of our code runs after it."""


def run(path: Path, search: SearchParams, deaths: Iterator[int] | None = None) -> Study:
    """Run a study until it is done, killed at the given calls of its storage and started again."""
    while True:
        backend = storage(path)
        if deaths is not None and (calls := next(deaths, None)) is not None:
            _die_after(backend, calls)
        try:
            study = Study(backend, "toy", search, OFF, seed=1, about={"data": "toy"})
            for wave in study.remaining_waves():
                study.tell(wave, [score(trial.regularization) for trial in wave])
        except Killed:
            continue
        return study


def _die_after(backend: optuna.storages.BaseStorage, calls: int) -> None:
    """Let the storage raise `Killed` after so many more writes."""
    left = calls
    for name in ("create_new_trial", "set_study_user_attr", "set_study_system_attr"):
        real = getattr(backend, name)

        def write(*args: object, _real: object = real, **named: object) -> object:
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed
            return _real(*args, **named)  # type: ignore[operator]

        setattr(backend, name, write)


def test_table_after_kills_equals_the_undisturbed_one(tmp_path: Path, params: Params) -> None:
    search = params.search.model_copy(update={"trials": 21, "batch": 4})
    undisturbed = run(tmp_path / "a.db", search).table().to_csv()
    rng = np.random.default_rng(0)
    deaths = iter(rng.integers(0, 4, 12).tolist())
    killed = run(tmp_path / "b.db", search, deaths)
    assert next(deaths, None) is None, "each kill ought to happen"
    assert killed.table().to_csv() == undisturbed
    assert undisturbed.count("complete") == 21


def test_raising_trials_trains_only_the_new_ones(tmp_path: Path, params: Params) -> None:
    search = params.search.model_copy(update={"trials": 6, "batch": 4})
    before = run(tmp_path / "a.db", search).table()
    larger = search.model_copy(update={"trials": 10})
    more = Study(storage(tmp_path / "a.db"), "toy", larger, OFF, seed=1)
    waves = []
    for wave in more.remaining_waves():
        waves.append([trial.number for trial in wave])
        more.tell(wave, [score(trial.regularization) for trial in wave])
    # The first limit cut the wave of trials 4 to 7 short, and it is completed now.
    assert waves == [[6, 7], [8, 9]]
    assert more.table()[:6].equals(before)
    assert more.table().equals(run(tmp_path / "b.db", larger).table())

    fewer = Study(
        storage(tmp_path / "a.db"), "toy", search.model_copy(update={"trials": 3}), OFF, seed=1
    )
    assert list(fewer.remaining_waves()) == []
    assert fewer.table().equals(before[:3])


def test_baseline_is_the_first_trial_with_its_own_values(tmp_path: Path, params: Params) -> None:
    study = run(tmp_path / "a.db", params.search)
    assert study.trials()[0].regularization == OFF
    # As the report has it.
    assert summary.values(study.trials()[0]) == "dropout off, L1 off, L2 off, patience off"
    assert "| Tuned |" in summary.note(study, "")
    assert study.table().loc[0, ["dropout", "l1", "l2"]].tolist() == [0, 0, 0]
    assert study.table()["patience"].isna().tolist() == [True] + [False] * 5


def test_no_two_trials_get_the_same_values(tmp_path: Path, params: Params) -> None:
    study = run(tmp_path / "a.db", params.search)
    assert len({trial.regularization for trial in study.trials()}) == params.search.trials


def test_another_seed_proposes_other_values(tmp_path: Path, params: Params) -> None:
    def values(seed: int) -> list[float]:
        study = Study(storage(tmp_path / f"{seed}.db"), "toy", params.search, OFF, seed)
        return [trial.regularization.dropout for trial in next(study.remaining_waves())]

    assert values(1)[1:] != values(2)[1:]


def test_failed_trial_is_recorded_and_the_study_goes_on(tmp_path: Path, params: Params) -> None:
    study = Study(storage(tmp_path / "a.db"), "toy", params.search, OFF, seed=1)

    def sometimes(trial: Trial) -> Score:
        return Score(failure="fold 2: no") if trial.number % 3 == 1 else score(trial.regularization)

    for wave in study.remaining_waves():
        study.tell(wave, [sometimes(trial) for trial in wave])
    table = study.table()
    assert table["state"].tolist() == ["complete", "failed", "complete"] * 2
    assert table.loc[1, ["cv_log_loss", "epochs_mean"]].isna().all()
    assert study.best().complete
    assert study.trials()[1].score == Score(failure="fold 2: no")


def test_dashboard_sees_fields_and_folds(tmp_path: Path, params: Params) -> None:
    """The storage has a field of its own for each thing that Optuna's dashboard shows."""
    about = {"data": "toy", "seed": 1}
    for _ in range(2):
        study = Study(storage(tmp_path / "a.db"), "toy", params.search, OFF, 1, about)
        for wave in study.remaining_waves():
            study.tell(wave, [score(trial.regularization) for trial in wave])
    stored = optuna.load_study(study_name="toy", storage=storage(tmp_path / "a.db"))
    assert stored.metric_names == ["cv log loss"]
    assert stored.user_attrs == about
    for ours, theirs in zip(study.trials(), stored.trials, strict=True):
        assert ours.score is not None
        losses = [fold["log_loss"] for fold in ours.score.folds]
        assert theirs.intermediate_values == dict(enumerate(losses))
        assert theirs.user_attrs["cv_log_loss"] == theirs.value
        assert theirs.user_attrs["epochs_mean"] == 4
        assert all(isinstance(value, float | str | int) for value in theirs.user_attrs.values())
        assert not any("{" in str(value) for value in theirs.user_attrs.values())
    baseline = stored.trials[0].user_attrs
    assert (baseline["role"], baseline["baseline patience"]) == ("baseline", "none")
    assert baseline["baseline dropout"] == 0
    assert "role" not in stored.trials[1].user_attrs


def test_trial_of_another_writer_is_refused(tmp_path: Path, params: Params) -> None:
    study = run(tmp_path / "a.db", params.search)
    foreign = optuna.load_study(study_name="toy", storage=storage(tmp_path / "a.db"))
    foreign.add_trial(foreign.trials[1])
    larger = params.search.model_copy(update={"trials": 8})
    again = Study(storage(tmp_path / "a.db"), "toy", larger, OFF, seed=1)
    with pytest.raises(InputError, match="study toy: trial 6 is not the one this seed proposes"):
        list(again.remaining_waves())
    assert len(study.trials()) == 6


def test_study_without_a_score_says_why(tmp_path: Path, params: Params) -> None:
    study = Study(storage(tmp_path / "a.db"), "toy", params.search, OFF, seed=1)
    for wave in study.remaining_waves():
        study.tell(wave, [Score(failure="fold 0: the loss was not finite")] * len(wave))
    with pytest.raises(InputError, match=r"all trials .* failed \(fold 0: the loss was not finite"):
        study.best()
