"""Stage `tune`: search the regularization space by cross-validation."""

from __future__ import annotations

import sys
from functools import partial

from pipeline.cluster.chosen import chosen_cluster
from pipeline.cluster.members import executor
from pipeline.cluster.processors import note_processors
from pipeline.config.params import load_params
from pipeline.data.description import read_schema
from pipeline.data.prepare import prepare_cv
from pipeline.project.lock import exclusive
from pipeline.project.outputs import (
    BEST,
    STUDIES,
    STUDY_INPUTS,
    TRAIN,
    TRIALS,
    TUNE_METRICS,
    TUNING_PLOTS,
    VAL,
    read_rows,
    write_csv,
    write_json,
)
from pipeline.project.run_stage import logger, run_stage
from pipeline.search.evaluate import evaluate
from pipeline.search.fingerprint import study_name
from pipeline.search.storage import open_storage, storage_works, study_in
from pipeline.search.study import Study
from pipeline.search.study_lock import sole_writer
from pipeline.search.views import summary
from pipeline.search.views.plots import draw_study
from pipeline.search.views.progress import show_progress
from pipeline.tracking.study.mirror import FOLLOW, Mirror
from pipeline.training.builder_start import start_builder
from pipeline.training.trainers import trainer


def main() -> None:
    params = load_params()
    schema, train, val = read_schema(), read_rows(TRAIN), read_rows(VAL)
    folds = prepare_cv(
        train,
        val,
        schema,
        params.data.scale,
        params.data.categories,
        params.train.class_weight,
        params.data.target_transform,
    )
    with exclusive(), chosen_cluster(params.network.model) as cluster, storage_works(STUDIES):
        score = partial(
            evaluate,
            folds=folds,
            network=params.network,
            train=params.train,
            classes=len(schema.classes),
            seed=params.seed,
            trainer=trainer(params.network.model, executor(cluster)),
        )
        storage = open_storage(STUDIES)
        with sole_writer(storage, study_name(params, schema.name, STUDY_INPUTS)) as keep:
            study = study_in(storage, params, schema.name, schema.task, STUDY_INPUTS)
            left = max(0, params.search.trials - len(study.trials()))
            start_builder(
                folds[0],
                len(schema.classes),
                params.network,
                params.train,
                params.baseline,
                left * len(folds),
                "search.trials",
            )
            with Mirror([sys.executable, "-m", "pipeline.commands.sync", FOLLOW]) as mirror:
                with show_progress(study, params.search.trials) as progress:
                    for wave in study.remaining_waves():
                        scores = score([trial.regularization for trial in wave])
                        keep()
                        study.tell(wave, scores)
                        mirror.update()
                        progress()
                note_processors("tune", study.name, cluster)
                write_outputs(study)
                mirror.complete()


def write_outputs(study: Study) -> None:
    write_csv(TRIALS, study.table())
    write_json(BEST, summary.best_record(study))
    write_json(TUNE_METRICS, summary.scores(study))
    draw_study(study, TUNING_PLOTS)
    write_csv(TUNING_PLOTS / "scores.csv", study.scores())
    best = study.best()
    logger.info("best: trial %d, %s", best.number, summary.values(best))


if __name__ == "__main__":
    run_stage(main)
