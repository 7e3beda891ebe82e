"""Command `sync`: write to MLflow what it lacks of the study of the present parameters.

With --follow it is what `tune` starts, to write a study while it grows.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import TextIO

from pipeline.config.params import Params, load_params
from pipeline.data.description import read_schema
from pipeline.data.schema import Schema
from pipeline.project.lock import exclusive
from pipeline.project.outputs import (
    BEST,
    STUDIES,
    STUDY_INPUTS,
    TRAIN,
    TRIALS,
    TUNING_PLOTS,
    VAL,
    read_rows,
)
from pipeline.project.run_stage import logger, run_stage
from pipeline.search.storage import open_study, storage_works
from pipeline.search.study import Study
from pipeline.search.views import summary
from pipeline.tracking.store.client import connect, mlflow_answers
from pipeline.tracking.store.datasets import RoleRows
from pipeline.tracking.store.provenance import how_to_reproduce
from pipeline.tracking.study.follow import Follower
from pipeline.tracking.study.mirror import END, FOLLOW, trouble_line
from pipeline.tracking.study.runs import StudyLabel, StudyPage, complete_study, sync

# Training goes first; at the lowest priority too much would be left for the end.
NICENESS = 10


def main() -> None:
    following = FOLLOW in sys.argv
    # MLflow notes down what was started: these are runs of the stage, whoever writes them.
    sys.argv[0] = str(Path(__file__).parents[1] / "stages" / "tune.py")
    params, schema = load_params(), read_schema()
    if following:
        os.nice(NICENESS)
        with storage_works(STUDIES):
            follow(params, schema, sys.stdin)
    else:
        with exclusive(), storage_works(STUDIES):
            catch_up(params, schema)


def catch_up(params: Params, schema: Schema) -> None:
    """Write all there is, and say so."""
    study = open_study(params, schema.name, schema.task, STUDY_INPUTS, STUDIES)
    trials = study.trials()
    client = connect()
    with mlflow_answers():
        run_id = sync(client, label(study, schema), trials)
        if len(trials) == params.search.trials:
            complete_study(client, run_id, page(study, params))
    logger.info("MLflow has all %d finished trials of study %s", len(trials), study.name)


def follow(params: Params, schema: Schema, lines: TextIO) -> None:
    """At each line write the trials there are; at the last one complete the study."""
    news, over = threading.Event(), threading.Event()
    threading.Thread(target=_listen, args=(lines, news, over), daemon=True).start()
    study = open_study(params, schema.name, schema.task, STUDY_INPUTS, STUDIES)
    follower = Follower(label(study, schema), _report)
    while True:
        news.wait()
        news.clear()
        # Looked at before the trials: what came by then is written.
        if over.is_set():
            follower.write(study.trials(), page(study, params))
            return
        follower.write(study.trials())


def _report(trouble: str) -> None:
    """Tell the stage, which decides whether its user hears of it."""
    sys.stdout.write(trouble_line(trouble))
    sys.stdout.flush()


def _listen(lines: TextIO, news: threading.Event, over: threading.Event) -> None:
    for line in lines:
        if line.strip() == END:
            over.set()
        news.set()
    if not over.is_set():
        # The study's process is gone, and another may go on with it at once.
        os._exit(1)


def label(study: Study, schema: Schema) -> StudyLabel:
    return StudyLabel(schema.name, study.name, schema.task)


def page(study: Study, params: Params) -> StudyPage:
    """Return what the study's own run in MLflow shows."""
    return StudyPage(
        params=summary.settings(params),
        metrics=summary.scores(study),
        note=summary.note(study, how_to_reproduce()),
        artifacts=[TRIALS, BEST, TUNING_PLOTS],
        inputs=[
            RoleRows("train", TRAIN, read_rows(TRAIN)),
            RoleRows("val", VAL, read_rows(VAL)),
        ],
        ended=max((trial.ended for trial in study.trials() if trial.ended), default=None),
    )


if __name__ == "__main__":
    run_stage(main)
