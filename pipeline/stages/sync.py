"""Command `sync`: write to MLflow what it lacks of the study of the present parameters."""

from __future__ import annotations

from pipeline.params import load_params
from pipeline.search.storage import storage_works
from pipeline.stages import logger, run_stage
from pipeline.stages.files import STUDIES, TRAIN, VAL, read_rows, read_schema
from pipeline.stages.lock import exclusive
from pipeline.stages.tune import open_study, page
from pipeline.tracking.client import connect, mlflow_answers
from pipeline.tracking.runs import StudyLabel, complete_study, sync


def main() -> None:
    params, schema = load_params(), read_schema()
    with exclusive(), storage_works(STUDIES):
        study = open_study(params, schema)
        trials = study.trials()
        client = connect()
        with mlflow_answers():
            run_id = sync(client, StudyLabel(schema.name, study.name), trials)
            if len(trials) == params.search.trials:
                train, val = read_rows(TRAIN), read_rows(VAL)
                complete_study(client, run_id, page(study, params, train, val))
    logger.info("MLflow has all %d finished trials of study %s", len(trials), study.name)


if __name__ == "__main__":
    run_stage(main)
