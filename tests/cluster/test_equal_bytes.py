"""On a cluster, results have the bytes that they have in one process."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from pathlib import Path

import optuna
import pandas as pd
import pytest

from pipeline.cluster.chosen import chosen_cluster
from pipeline.cluster.folds import outer_folds
from pipeline.cluster.members import executor
from pipeline.config.params import Params
from pipeline.data.prepare import prepare_cv
from pipeline.data.schema import FOLD_COLUMN, Schema
from pipeline.data.table import Table
from pipeline.evaluation.kept import Kept
from pipeline.evaluation.outer import Rows, usable_rows
from pipeline.evaluation.run import Compute, in_turn, plan_evaluation, run_evaluation
from pipeline.evaluation.summary import summarize
from pipeline.project.machine import processor
from pipeline.search.evaluate import evaluate
from pipeline.search.study import Study
from pipeline.search.views.summary import best_record
from pipeline.training.fit import Fit, Member, Trainer
from pipeline.training.trainers import trainer
from tests.local_cluster import LocalCluster


def study_bytes(table: Table, schema: Schema, params: Params, train: Trainer) -> bytes:
    """Return the trial table and the best record of a small study."""
    frame = table.frame[:96].assign(**{FOLD_COLUMN: [n % 3 for n in range(96)]})
    folds = prepare_cv(frame, table.frame[96:], schema, params.data.scale)
    study = Study(
        optuna.storages.InMemoryStorage(), "s", params.search, params.baseline, params.seed
    )
    for wave in study.remaining_waves():
        regularizations = [trial.regularization for trial in wave]
        scores = evaluate(
            regularizations, folds, params.network, params.train, 2, params.seed, train
        )
        study.tell(wave, scores)
    return study.table().to_csv().encode() + repr(best_record(study)).encode()


@pytest.fixture
def rows(table: Table, schema: Schema, params: Params) -> Rows:
    train = table.frame[:96].assign(**{FOLD_COLUMN: 0})
    return usable_rows(train, table.frame[96:], schema, None, params.split, params.seed)


def evaluation_bytes(rows: Rows, params: Params, compute: Compute, folder: Path) -> bytes:
    """Return the evaluation's record and the losses of all rows."""
    plan = plan_evaluation(rows, params)
    kept = Kept(folder, "abc")
    results = list(run_evaluation(plan, params, compute, kept, lambda done, note: None))
    losses = pd.concat([result.losses for result in results], ignore_index=True)
    evaluation = summarize([result.record for result in results], losses, rows, params)
    files = b"".join(path.read_bytes() for path in sorted(folder.rglob("*.json")))
    return repr(evaluation).encode() + losses.to_parquet(index=False) + files


def as_bytes(fits: Sequence[Fit]) -> list[bytes]:
    return [pickle.dumps([w.tobytes() for w in fit.weights]) + fit.loss.tobytes()
            + fit.val_loss.tobytes() + fit.score_logits.tobytes() for fit in fits]  # fmt: skip


def test_study_is_the_same(
    table: Table, schema: Schema, params: Params, on_cluster: LocalCluster
) -> None:
    here = study_bytes(table, schema, params, trainer())
    with chosen_cluster("mlp") as cluster:
        assert cluster is not None
        there = study_bytes(table, schema, params, trainer(executor=executor(cluster)))
        assert cluster.processors == {processor()}
    assert there == here


def test_evaluation_is_the_same_while_workers_join_and_leave(
    rows: Rows, params: Params, on_cluster: LocalCluster, tmp_path: Path
) -> None:
    here = evaluation_bytes(rows, params, in_turn(trainer()), tmp_path / "here")
    with chosen_cluster("mlp") as cluster:
        compute = outer_folds(cluster)
        assert evaluation_bytes(rows, params, compute, tmp_path / "two") == here
        on_cluster.join("c")
        on_cluster.join("d")
        on_cluster.wait_for(4)
        assert evaluation_bytes(rows, params, compute, tmp_path / "four") == here
        on_cluster.workers["c"].end()
        on_cluster.workers["d"].kill()
        assert evaluation_bytes(rows, params, compute, tmp_path / "left") == here


def test_fits_keep_weights_and_shared_steps_for_each_kind_of_target(
    make_folds, make_architecture, train, plain, on_cluster: LocalCluster
) -> None:
    with chosen_cluster("mlp") as cluster:
        there = trainer(executor=executor(cluster))
        for classes in (0, 2, 3):
            folds = make_folds(classes, fit=(37, 36, 35))
            values = [plain, plain.model_copy(update={"patience": 2, "dropout": 0.3})]
            # Those that differ in their patience alone share their steps.
            values.append(values[1].model_copy(update={"patience": 3}))
            members = [Member(fold, v, seed) for fold in folds for v in values for seed in (1, 2)]
            shape = make_architecture(classes)
            assert as_bytes(there(members, shape, train)) == as_bytes(
                trainer()(members, shape, train)
            )
        assert there([], shape, train) == []


def test_parts_keep_groups_together() -> None:
    from pipeline.cluster.members import _parts

    groups = [[0, 3], [1], [2, 5, 6], [4], [7]]
    assert _parts(groups, 3) == [[0, 3, 1], [2, 5, 6, 4], [7]]
    assert _parts(groups, 99) == groups
    assert sorted(_parts(groups, 1)[0]) == list(range(8))
