from __future__ import annotations

import mlflow
import pytest
from mlflow import MlflowClient

from pipeline.tracking.study import follow as module
from pipeline.tracking.study.follow import Follower
from pipeline.tracking.study.runs import StudyPage
from tests.tracking.study.test_runs import LABEL, runs_of, trial


def test_each_trial_is_written_once(client: MlflowClient) -> None:
    reports: list[str] = []
    follower = Follower(LABEL, reports.append)
    for end in range(1, 6):
        follower.write([trial(number) for number in range(end)])
    assert len(runs_of(client, "trial")) == 5
    (study,) = runs_of(client, "study")
    assert study.info.status == "RUNNING"
    follower.write([trial(number) for number in range(5)], StudyPage({}, {"trials": 5}, "", [], []))
    (study,) = runs_of(client, "study")
    assert study.info.status == "FINISHED"
    assert reports == []


def test_trouble_with_mlflow_is_reported_and_stops_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reports: list[str] = []
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setattr(mlflow.tracking._tracking_service.utils, "_tracking_uri", None)
    mlflow.set_tracking_uri("http://user:secret@127.0.0.1:9")
    follower = Follower(LABEL, reports.append)
    follower.write([trial(0)])
    follower.write([trial(0), trial(1)])
    assert len(reports) == 2
    for report in reports:
        assert "does not answer" in report
        assert "secret" not in report


def test_what_failed_is_written_with_the_next_news(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports: list[str] = []

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    follower = Follower(LABEL, reports.append)
    with monkeypatch.context() as full:
        full.setattr(module.StudyRuns, "sync", fail)
        follower.write([trial(0)])
    (report,) = reports
    assert "No space left on device" in report
    follower.write([trial(0), trial(1)])
    assert len(runs_of(client, "trial")) == 2
