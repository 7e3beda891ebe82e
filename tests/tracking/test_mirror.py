from __future__ import annotations

import time

import mlflow
import pytest
from mlflow import MlflowClient

from pipeline.tracking import mirror as module
from pipeline.tracking.mirror import Mirror
from tests.tracking.test_runs import LABEL, runs_of, trial


def test_mirror_writes_all_that_came_before_its_end(client: MlflowClient) -> None:
    with Mirror(LABEL) as mirror:
        for end in range(1, 6):
            mirror.update([trial(number) for number in range(end)])
    assert len(runs_of(client, "trial")) == 5


def test_trouble_with_mlflow_is_told_once_and_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setattr(mlflow.tracking._tracking_service.utils, "_tracking_uri", None)
    mlflow.set_tracking_uri("http://user:secret@127.0.0.1:9")
    with Mirror(LABEL) as mirror:
        mirror.update([trial(0)])
        time.sleep(0.5)
        mirror.update([trial(0), trial(1)])
    (record,) = caplog.records
    assert "does not answer" in record.message
    assert "make sync" in record.message
    assert "secret" not in record.message


def test_slow_mlflow_does_not_hold_the_study_up(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "LOCAL_WAIT_S", 0.2)
    real = MlflowClient.log_batch

    def slow(*args: object, **named: object) -> object:
        time.sleep(2)
        return real(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(MlflowClient, "log_batch", slow)
    started = time.monotonic()
    with Mirror(LABEL) as mirror:
        mirror.update([trial(0)])
    assert time.monotonic() - started < 1.5
    (record,) = caplog.records
    assert "MLflow is slow" in record.message
    mirror._thread.join()
    assert len(runs_of(client, "trial")) == 1


def test_a_server_is_given_a_twelfth_of_a_study() -> None:
    assert module.patience(45.0, local=False) < 0.1 * 45
    assert module.patience(1000.0, local=False) < 0.1 * 1000
    assert module.patience(40.0, local=True) > 10 * module.patience(40.0, local=False)


def test_slow_end_is_told_even_if_all_went_well_before(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "LOCAL_WAIT_S", 0.2)
    with Mirror(LABEL) as mirror:
        mirror.update([trial(0)])
        while not runs_of_trials(client):
            time.sleep(0.05)
        time.sleep(0.5)
        monkeypatch.setattr(module.StudyRuns, "sync", lambda *_: time.sleep(2))
        mirror.update([trial(0), trial(1)])
    (record,) = caplog.records
    assert "MLflow is slow" in record.message
    mirror._thread.join()


def test_any_trouble_is_told_and_stops_nothing(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.StudyRuns, "sync", fail)
    with Mirror(LABEL) as mirror:
        mirror.update([trial(0)])
    (record,) = caplog.records
    assert "No space left on device" in record.message


def runs_of_trials(client: MlflowClient) -> bool:
    return client.get_experiment_by_name("toy") is not None and bool(runs_of(client, "trial"))
