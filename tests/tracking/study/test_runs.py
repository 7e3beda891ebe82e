from __future__ import annotations

import dataclasses
import hashlib
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from pipeline.config.sections.regularization import Regularization
from pipeline.search.score import Score
from pipeline.search.study import Trial
from pipeline.tasks.classification import CLASSIFICATION
from pipeline.tracking.store.datasets import RoleRows
from pipeline.tracking.study import runs
from pipeline.tracking.study.runs import StudyLabel, StudyPage, complete_study, shown_epochs, sync

LABEL = StudyLabel("toy", "toy-abc")
START, TRAINED = datetime(2024, 1, 31, 12), timedelta(seconds=30)


def trial(number: int, failure: str | None = None) -> Trial:
    patience = None if number == 0 else 5
    values = Regularization(dropout=number / 10, l1=0.0, l2=1e-4, patience=patience)
    same = dict.fromkeys(CLASSIFICATION.names, 0.8)
    folds = tuple(same | {"log_loss": 0.5 - number / 100 + k / 10} for k in range(3))
    score = Score(folds=folds, epochs=(2, 3, 4), loss=(0.9, 0.5), val_loss=(0.8, 0.6))
    started = START + number * TRAINED
    return Trial(
        number, values, Score(failure=failure) if failure else score, started, started + TRAINED
    )


def runs_of(client: MlflowClient, kind: str) -> list[Run]:
    experiment = client.get_experiment_by_name("toy")
    assert experiment is not None
    found = client.search_runs([experiment.experiment_id], f"tags.kind = '{kind}'")
    return sorted(found, key=lambda run: int(run.data.tags.get("trial", -1)))


def test_each_trial_has_one_run_below_its_study(client: MlflowClient) -> None:
    parent = sync(client, LABEL, [trial(0), trial(1), trial(2, failure="fold 1: not finite")])
    assert [run.info.run_id for run in runs_of(client, "study")] == [parent]
    children = runs_of(client, "trial")
    assert [run.info.run_name for run in children] == ["trial-000", "trial-001", "trial-002"]
    assert [run.info.status for run in children] == ["FINISHED", "FINISHED", "FAILED"]
    assert {run.data.tags["mlflow.parentRunId"] for run in children} == {parent}
    assert children[0].data.tags["role"] == "baseline"
    assert children[0].data.params["patience"] == "none"
    assert children[1].data.params == {
        "dropout": "0.1", "l1": "0.0", "l2": "0.0001", "patience": "5"
    }  # fmt: skip
    assert children[2].data.tags["failure"] == "fold 1: not finite"
    assert children[1].data.metrics["cv_log_loss"] == pytest.approx(0.59)
    assert children[1].data.metrics["cv_log_loss_std"] == pytest.approx(0.1)
    assert {f"cv_{name}" for name in CLASSIFICATION.names} <= children[1].data.metrics.keys()
    # Times are those of the training, whenever it is written.
    starts = [run.info.start_time for run in [client.get_run(parent), *children]]
    assert starts == [1000 * (START + k * TRAINED).timestamp() for k in (0, 0, 1, 2)]
    assert {run.info.end_time - run.info.start_time for run in children} == {30_000}
    best = client.get_metric_history(parent, "best_so_far_cv_log_loss")
    assert [(point.step, point.value) for point in best] == [
        (0, pytest.approx(0.6)), (1, pytest.approx(0.59))
    ]  # fmt: skip
    run_id = children[1].info.run_id
    folds = client.get_metric_history(run_id, "fold_log_loss")
    assert [(one.step, one.value) for one in folds] == [
        (k, pytest.approx(0.49 + k / 10)) for k in range(3)
    ]
    curve = client.get_metric_history(run_id, "val_log_loss")
    assert [(one.step, one.value) for one in curve] == [(1, 0.8), (2, 0.6)]


def test_sync_again_changes_nothing(client: MlflowClient) -> None:
    trials = [trial(0), trial(1)]
    parent = sync(client, LABEL, trials)
    before = [run.to_dictionary() for run in runs_of(client, "trial")]
    assert sync(client, LABEL, trials) == parent
    assert [run.to_dictionary() for run in runs_of(client, "trial")] == before


def test_best_score_so_far_is_a_curve_that_never_rises(client: MlflowClient) -> None:
    order = (3, 1, 5, 0, 4, 6)
    trials = [dataclasses.replace(trial(score), number=k) for k, score in enumerate(order)]
    for known in (trials[:2], trials[:4], trials):
        parent = sync(client, LABEL, known)
    curve = client.get_metric_history(parent, "best_so_far_cv_log_loss")
    assert [point.step for point in curve] == [0, 1, 2, 3, 4, 5]
    expected = [0.57, 0.57, 0.55, 0.55, 0.55, 0.54]
    assert [point.value for point in curve] == pytest.approx(expected)


def test_half_written_run_is_finished(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:

        def die(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        patch.setattr(MlflowClient, "set_terminated", die)
        with pytest.raises(KeyboardInterrupt):
            sync(client, LABEL, [trial(0), trial(1)])
    assert [run.info.status for run in runs_of(client, "trial")] == ["RUNNING"]
    sync(client, LABEL, [trial(0), trial(1)])
    children = runs_of(client, "trial")
    assert [run.info.status for run in children] == ["FINISHED", "FINISHED"]
    curve = client.get_metric_history(children[0].info.run_id, "val_log_loss")
    assert [one.value for one in curve] == [0.8, 0.6]


def test_more_trials_than_a_page_have_one_run_each(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "PAGE", 2)
    trials = [trial(number) for number in range(5)]
    sync(client, LABEL, trials[:3])
    sync(client, LABEL, trials)
    assert [run.data.tags["trial"] for run in runs_of(client, "trial")] == list("01234")


def test_run_id_of_a_project_run_is_not_taken(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_RUN_ID", "0" * 32)
    parent = sync(client, LABEL, [trial(0)])
    assert parent != "0" * 32
    assert runs_of(client, "trial")[0].data.tags["mlflow.parentRunId"] == parent


def test_study_run_is_completed_any_number_of_times(client: MlflowClient, tmp_path: Path) -> None:
    artifact = tmp_path / "trials.csv"
    artifact.write_text("number\n0\n")
    parent = sync(client, LABEL, [trial(0)])
    page = StudyPage(
        params={"seed": 42},
        metrics={"best_cv_log_loss": 0.4, "trials": 1},
        note="**Best** of one",
        artifacts=[artifact],
        inputs=[RoleRows("train", artifact, pd.DataFrame({"width": [1, 2]}))],
    )
    for _ in range(2):
        complete_study(client, parent, page)
    # A longer study found a better trial: that is what is shown.
    better = {"best_cv_log_loss": 0.3, "trials": 2}
    complete_study(client, parent, dataclasses.replace(page, metrics=better))
    assert client.get_run(parent).data.metrics["best_cv_log_loss"] == 0.3
    # A study that was asked for more trials, and then for fewer again: the page says how it stands.
    for trials, best in ((100, 0.2), (8, 0.25), (8, 0.25), (100, 0.2), (3, 0.3)):
        shown = {"best_cv_log_loss": best, "trials": trials}
        complete_study(client, parent, dataclasses.replace(page, metrics=shown))
        metrics = client.get_run(parent).data.metrics
        assert metrics == {**shown, "best_so_far_cv_log_loss": metrics["best_so_far_cv_log_loss"]}
    run = client.get_run(parent)
    assert run.info.run_name == "study abc, 3 trials"
    assert run.data.metrics["best_cv_log_loss"] == 0.3
    assert run.info.status == "FINISHED"
    assert run.data.tags["mlflow.note.content"] == "**Best** of one"
    (dataset,) = run.inputs.dataset_inputs
    digest = hashlib.sha256(artifact.read_bytes()).hexdigest()
    assert (dataset.dataset.name, dataset.dataset.digest) == ("train", digest[:32])
    assert [file.path for file in client.list_artifacts(parent)] == ["trials.csv"]


@pytest.mark.parametrize("epochs", [0, 1, 24, 25, 26, 50, 51, 100, 101, 1000])
def test_shown_epochs_are_few_and_even_and_end_with_the_last(epochs: int) -> None:
    shown = shown_epochs(epochs)
    assert len(shown) == epochs if epochs <= 25 else 12 < len(shown) <= 25
    assert len(set(np.diff(shown))) <= 1
    assert shown[-1:] == ([epochs] if epochs else [])
    assert all(1 <= epoch <= epochs for epoch in shown)
