from __future__ import annotations

import dataclasses

from mlflow import MlflowClient

from pipeline.tracking.store.single import one_model, one_run, one_version
from pipeline.tracking.study.runs import StudyLabel, StudyPage, complete_study, sync
from tests.tracking.study.test_runs import LABEL, runs_of, trial

PAGE = StudyPage({}, {"trials": 2}, "note", [], [])


def test_twin_of_a_trial_is_deleted_and_the_written_one_kept(client: MlflowClient) -> None:
    parent = sync(client, LABEL, [trial(0)])
    (written,) = runs_of(client, "trial")
    # Started before the one that was written, as a request that was answered too late.
    client.create_run(
        written.info.experiment_id, tags=written.data.tags, start_time=written.info.start_time - 9
    )
    assert len(runs_of(client, "trial")) == 2
    sync(client, LABEL, [trial(0), trial(1)])
    assert [run.data.tags["trial"] for run in runs_of(client, "trial")] == ["0", "1"]
    assert runs_of(client, "trial")[0].info.run_id == written.info.run_id
    complete_study(client, parent, PAGE)
    assert len(runs_of(client, "trial")) == 2


def test_twins_that_came_while_writing_are_deleted_in_the_end(client: MlflowClient) -> None:
    parent = sync(client, LABEL, [trial(0), trial(1)])
    study, (first, _) = client.get_run(parent), runs_of(client, "trial")
    for run in (study, first):
        client.create_run(run.info.experiment_id, tags=run.data.tags)
    complete_study(client, parent, dataclasses.replace(PAGE, note="done"))
    assert [run.info.run_id for run in runs_of(client, "study")] == [parent]
    assert runs_of(client, "trial")[0].info.run_id == first.info.run_id
    assert len(runs_of(client, "trial")) == 2


def test_of_twin_studies_the_one_with_trials_goes_on(client: MlflowClient) -> None:
    parent = sync(client, LABEL, [trial(0)])
    study = client.get_run(parent)
    client.create_run(
        study.info.experiment_id, tags=study.data.tags, start_time=study.info.start_time - 9
    )
    assert sync(client, LABEL, [trial(0), trial(1)]) == parent


def test_study_that_is_not_gone_on_with_is_ended_as_killed(client: MlflowClient) -> None:
    other = StudyLabel("toy", "toy-other")
    left = sync(client, other, [trial(0)])
    stranger = client.create_run(
        client.get_run(left).info.experiment_id,
        tags=client.get_run(left).data.tags | {"mlflow.source.name": "/elsewhere/tune.py"},
    )
    half = client.create_run(
        client.get_run(left).info.experiment_id,
        tags=runs_of(client, "trial")[0].data.tags | {"trial": "1"},
    )
    ours = sync(client, LABEL, [trial(0)])
    status = {run.info.run_id: run.info.status for run in runs_of(client, "study")}
    assert status == {left: "KILLED", stranger.info.run_id: "RUNNING", ours: "RUNNING"}
    assert client.get_run(half.info.run_id).info.status == "KILLED"

    # Back to the parameters it was begun with.
    client.delete_run(stranger.info.run_id)
    assert sync(client, other, [trial(0), trial(1)]) == left
    assert client.get_run(left).info.status == "RUNNING"
    assert client.get_run(half.info.run_id).info.status == "FINISHED"
    assert client.get_run(half.info.run_id).data.metrics["cv_log_loss"] > 0


def test_run_model_and_version_are_made_once(client: MlflowClient) -> None:
    experiment = client.create_experiment("toy")
    identity = {"kind": "tuned", "comparison": "abc"}
    run = one_run(client, experiment, identity, {}, "tuned")
    assert one_run(client, experiment, identity, {}, "tuned").info.run_id == run.info.run_id
    other = one_run(client, experiment, {**identity, "comparison": "def"}, {}, "tuned")
    assert other.info.run_id != run.info.run_id

    model = one_model(client, run, "tuned")
    client.create_logged_model(experiment, "tuned", run.info.run_id)
    assert one_model(client, run, "tuned").model_id == model.model_id
    assert len(client.search_logged_models([experiment])) == 1

    assert one_version(client, "net", run.info.run_id) is None
    client.create_registered_model("net")
    for _ in range(2):
        client.create_model_version("net", f"models:/{model.model_id}", run.info.run_id)
    assert one_version(client, "net", run.info.run_id) == "1"
    assert [str(one.version) for one in client.search_model_versions("name = 'net'")] == ["1"]
