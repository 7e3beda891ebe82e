"""The progress of a study: a bar on a terminal, a line per wave elsewhere."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pipeline.project.progress import progress
from pipeline.search.study import Study

logger = logging.getLogger(__name__)


@contextmanager
def show_progress(study: Study, total: int) -> Iterator[Callable[[], None]]:
    """Yield a function that shows the progress; call it after each wave.

    total: number of trials at the end.
    """
    earlier = len(study.trials())
    if earlier:
        logger.info("study %s: %d of %d trials are there already", study.name, earlier, total)
    with progress("tune", "trial", total, earlier) as bar:

        def show() -> None:
            trials = study.trials()
            scores = [study.loss(trial) for trial in trials if trial.complete]
            best = f"best cv {study.task.loss.words} "
            bar(len(trials), f"{best}{min(scores):.4f}" if scores else "no score yet")

        yield show
