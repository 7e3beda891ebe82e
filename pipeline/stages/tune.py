"""Stage `tune`: search the regularization space by cross-validation."""

from __future__ import annotations

from functools import partial

import pandas as pd

from pipeline.data.prepare import prepare_cv
from pipeline.data.schema import Schema
from pipeline.params import Params, load_params
from pipeline.search import summary
from pipeline.search.evaluate import evaluate
from pipeline.search.fingerprint import fingerprint
from pipeline.search.plots import draw_study
from pipeline.search.progress import show_progress
from pipeline.search.storage import open_storage, storage_works
from pipeline.search.study import Study
from pipeline.stages import logger, run_stage
from pipeline.stages.files import (
    BEST,
    SCHEMA,
    STUDIES,
    TRAIN,
    TRIALS,
    TUNE_METRICS,
    TUNING_PLOTS,
    VAL,
    read_rows,
    read_schema,
    write_csv,
    write_json,
)
from pipeline.stages.lock import exclusive
from pipeline.tracking.datasets import RoleRows
from pipeline.tracking.mirror import Mirror
from pipeline.tracking.provenance import how_to_reproduce
from pipeline.tracking.runs import StudyLabel, StudyPage
from pipeline.training.stack import train_stack


def main() -> None:
    params = load_params()
    schema, train, val = read_schema(), read_rows(TRAIN), read_rows(VAL)
    folds = prepare_cv(train, val, schema, params.data.scale, params.data.categories)
    score = partial(
        evaluate,
        folds=folds,
        network=params.network,
        train=params.train,
        classes=len(schema.classes),
        seed=params.seed,
        trainer=partial(train_stack, keep_weights=False),
    )
    with exclusive(), storage_works(STUDIES):
        study = open_study(params, schema)
        with (
            Mirror(StudyLabel(schema.name, study.name)) as mirror,
            show_progress(study, params.search.trials) as progress,
        ):
            for wave in study.remaining_waves():
                study.tell(wave, score([trial.regularization for trial in wave]))
                mirror.update(study.trials())
                progress()
            write_outputs(study)
            mirror.complete(study.trials(), page(study, params, train, val))


def open_study(params: Params, schema: Schema) -> Study:
    """The study of these parameters and data, new or resumed."""
    name = f"{schema.name}-{fingerprint(params, [TRAIN, VAL, SCHEMA])}"
    return Study(open_storage(STUDIES), name, params.search, params.baseline, params.seed)


def page(study: Study, params: Params, train: pd.DataFrame, val: pd.DataFrame) -> StudyPage:
    """What the study's own run in MLflow shows."""
    return StudyPage(
        params=summary.settings(params),
        metrics=summary.scores(study),
        note=summary.note(study, how_to_reproduce()),
        artifacts=[TRIALS, BEST, TUNING_PLOTS],
        inputs=[RoleRows("train", TRAIN, train), RoleRows("val", VAL, val)],
    )


def write_outputs(study: Study) -> None:
    write_csv(TRIALS, study.table())
    write_json(BEST, summary.best_record(study))
    write_json(TUNE_METRICS, summary.scores(study))
    draw_study(study, TUNING_PLOTS)
    best = study.best()
    logger.info("best: trial %d, %s", best.number, summary.values(best))


if __name__ == "__main__":
    run_stage(main)
