"""The progress of a study: a bar on a terminal, a line per wave elsewhere."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

from pipeline.search.study import Study

logger = logging.getLogger(__name__)


@contextmanager
def show_progress(study: Study, total: int) -> Iterator[Callable[[], None]]:
    """Yield a function that shows the progress; call it after each wave.

    total: number of trials at the end.
    """
    earlier, started = len(study.trials()), time.monotonic()
    if earlier:
        logger.info("study %s: %d of %d trials are there already", study.name, earlier, total)
    with tqdm(
        total=total, initial=earlier, unit="trial", desc="tune", disable=not sys.stderr.isatty()
    ) as bar:

        def show() -> None:
            trials = study.trials()
            scores = [t.score.mean("log_loss") for t in trials if t.score and t.complete]
            best = f"best cv log loss {min(scores):.4f}" if scores else "no score yet"
            if bar.disable:
                elapsed = time.monotonic() - started
                left = elapsed / max(len(trials) - earlier, 1) * (total - len(trials))
                logger.info("trial %d of %d, %s, %.0f s left", len(trials), total, best, left)
            else:
                bar.set_postfix_str(best, refresh=False)
                bar.update(len(trials) - bar.n)

        yield show
