"""Stage `evaluate`: judge the tuned procedure by nested cross-validation; test is out of reach."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from pipeline.cluster.chosen import chosen_cluster
from pipeline.cluster.folds import outer_folds
from pipeline.cluster.processors import note_processors
from pipeline.config.params import Params, load_params
from pipeline.data.description import read_schema
from pipeline.evaluation.answer import answer
from pipeline.evaluation.fold import empty_losses
from pipeline.evaluation.headline import figures
from pipeline.evaluation.kept import Kept, evaluation_fingerprint
from pipeline.evaluation.outer import usable_rows
from pipeline.evaluation.result import Evaluation
from pipeline.evaluation.run import (
    Compute,
    Plan,
    plan_evaluation,
    run_evaluation,
    start_evaluation,
)
from pipeline.evaluation.summary import summarize
from pipeline.project.lock import exclusive
from pipeline.project.outputs import (
    EVALUATE_METRICS,
    EVALUATION,
    EVALUATION_LOSSES,
    EVALUATIONS,
    STUDY_INPUTS,
    TRAIN,
    VAL,
    read_rows,
    write_json,
    write_rows,
)
from pipeline.project.progress import progress
from pipeline.project.records import written
from pipeline.project.run_stage import logger, run_stage
from pipeline.search.fingerprint import study_name
from pipeline.tracking.evaluation.run import log_evaluation
from pipeline.tracking.store.datasets import RoleRows


def main() -> None:
    started = datetime.now()
    params = load_params()
    schema, train, val = read_schema(), read_rows(TRAIN), read_rows(VAL)
    with exclusive():
        if params.evaluate.folds == 0:
            write_outputs(None, empty_losses(schema.task))
            return
        rows = usable_rows(train, val, schema, params.evaluate.rows, params.split, params.seed)
        plan = plan_evaluation(rows, params)
        kept = Kept(EVALUATIONS, evaluation_fingerprint(params, STUDY_INPUTS))
        with chosen_cluster(params.network.model) as cluster:
            evaluation, losses = evaluate(
                plan, params, kept, outer_folds(cluster, params.network.model)
            )
            note_processors("evaluate", kept.name, cluster)
        write_outputs(evaluation, losses)
        kept.drop_others()
        log_evaluation(
            evaluation,
            study_name(params, schema.name, STUDY_INPUTS),
            [RoleRows("train", TRAIN, train), RoleRows("val", VAL, val)],
            [EVALUATION],
            started,
        )
    logger.info(answer(evaluation))


def evaluate(
    plan: Plan, params: Params, kept: Kept, compute: Compute
) -> tuple[Evaluation, pd.DataFrame]:
    """Compute the outer folds that are not there yet, and summarize all of them."""
    total = len(plan.outer)
    done = sum(kept.has(outer.repeat, outer.number) for outer in plan.outer)
    if done:
        logger.info("evaluation %s: %d of %d outer folds are there already", kept.name, done, total)
    start_evaluation(plan, params, total - done)
    records, losses = [], []
    with progress("evaluate", "outer fold", total, done) as show:
        for result in run_evaluation(plan, params, compute, kept, show):
            records.append(result.record)
            losses.append(result.losses)
    table = pd.concat(losses, ignore_index=True)
    return summarize(records, table, plan.rows, params), table


def write_outputs(evaluation: Evaluation | None, losses: pd.DataFrame) -> None:
    write_rows(EVALUATION_LOSSES, losses)
    write_json(EVALUATION, written(evaluation, evaluation.task) if evaluation else None)
    write_json(EVALUATE_METRICS, figures(evaluation))


if __name__ == "__main__":
    run_stage(main)
