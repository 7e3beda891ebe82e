from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from pipeline.evaluation.result import Arm, ArmDifference, Evaluation, OuterFoldRecord, Peer
from pipeline.statistics.nested import ProcedureDifference
from pipeline.statistics.verdicts import RowEffects
from pipeline.tracking.evaluation.run import log_evaluation
from tests.tracking.study.test_runs import LABEL, trial

STARTED = datetime(2024, 1, 31, 12)
CHANGE = ProcedureDifference(-0.1, -0.2, -0.05, 0.01, 0.995, 0.04, 0.95)


def evaluation(estimates: tuple[float, ...] = (-0.12, -0.08)) -> Evaluation:
    compared = ArmDifference(
        loss=CHANGE,
        second_loss=CHANGE,
        recalibrated=None,
        verdict="helps",
        rows_to_tell=200,
        rows=RowEffects(tail_share=0.9, better_off=0.1, median=0.01),
    )
    arm = {"second_loss": 0.05, "recalibrated": None, "temperature": None, "epochs": 9.0}
    return Evaluation(
        verdict="helps",
        dataset="toy",
        confidence=0.95,
        rope=0.01,
        resamples=200,
        rows=120,
        available=120,
        training_rows=60,
        outer_folds=2,
        inner_folds=2,
        trials=7,
        networks=2,
        repeats=estimates,
        arms=(
            Arm(name="baseline", title="Baseline", loss=0.3, difference=None, **arm),
            Arm(name="tuned", title="Tuned mix", loss=0.2, difference=compared, **arm),
        ),
        parts=(),
        peers=(
            Peer(
                name="linear",
                title="Linear",
                loss=0.25,
                second_loss=0.06,
                difference=CHANGE,
                verdict="helps",
            ),
        ),
        folds=tuple(
            OuterFoldRecord(
                repeat=repeat,
                fold=fold,
                rows=60,
                baseline=0.3 + fold / 10,
                tuned=0.2,
                regularization=trial(1).regularization,
                alone={"dropout": 0.5},
                searched_baseline=0.3,
                searched_best=0.2,
            )
            for repeat in range(2)
            for fold in range(2)
        ),
        member_epochs=1000,
        member_steps=5000,
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "evaluate.json"
    path.write_text("{}")
    return path


def runs(client: MlflowClient) -> list[Run]:
    experiment = client.get_experiment_by_name("toy")
    assert experiment is not None
    return list(client.search_runs([experiment.experiment_id], "tags.kind = 'evaluation'"))


def test_run_has_folds_as_steps_and_the_verdict(
    client: MlflowClient, file: Path, tmp_path: Path
) -> None:
    run_id = log_evaluation(evaluation(), LABEL.study, [], [file], STARTED)
    (run,) = runs(client)
    assert (run.info.run_id, run.info.status) == (run_id, "FINISHED")
    assert run.data.tags["study"] == LABEL.study
    assert run.data.tags["verdict"] == "helps"
    assert "helps: over 120 rows" in run.data.tags["mlflow.note.content"]
    assert run.data.metrics["log_loss_difference_high"] == -0.05
    # Its arms and other models are a table, and no chart each.
    assert len(run.data.metrics) < 10
    table = client.download_artifacts(run_id, "arms.csv", str(tmp_path))
    arms = pd.read_csv(table).set_index("arm")
    for peer in evaluation().peers:
        assert arms.loc[peer.title, "log_loss"] == peer.loss
    mix = evaluation().tuned
    assert arms.loc[mix.title, "log_loss"] == mix.loss
    assert arms.loc[mix.title, "high"] == -0.05
    assert run.info.run_name.startswith("evaluation ")
    assert run.info.start_time == STARTED.timestamp() * 1000
    assert run.info.end_time > run.info.start_time
    folds = client.get_metric_history(run_id, "fold_baseline_log_loss")
    assert [(step.step, step.value) for step in folds] == [(0, 0.3), (1, 0.4), (2, 0.3), (3, 0.4)]
    assert run.data.params["rows"] == "120"


def test_evaluation_is_logged_once_however_often_it_is_begun(
    client: MlflowClient, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*arguments: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(MlflowClient, "log_artifact", die)
        with pytest.raises(Killed):
            log_evaluation(evaluation(), LABEL.study, [], [file], STARTED)
    (half,) = runs(client)
    assert half.info.status == "RUNNING"
    # A request that was answered too late was carried out after all.
    client.create_run(half.info.experiment_id, tags=half.data.tags)
    ends = set()
    for _ in range(2):
        log_evaluation(evaluation(), LABEL.study, [], [file], STARTED)
        (run,) = runs(client)
        assert run.info.status == "FINISHED"
        ends.add(run.info.end_time)
        history = client.get_metric_history(run.info.run_id, "fold_tuned_log_loss")
        assert len(history) == 4
    # Writing it again is no work.
    assert len(ends) == 1
    log_evaluation(evaluation((-0.1, -0.1)), LABEL.study, [], [file], STARTED)
    assert len(runs(client)) == 2
