"""Keeping MLflow equal to a study that is still growing, beside its training."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from pipeline.search.study import Trial
from pipeline.tracking.client import connect, is_local, reason
from pipeline.tracking.runs import StudyLabel, StudyPage, StudyRuns, complete_study

logger = logging.getLogger(__name__)

LATER = "the study is safe, and `make sync` writes what MLflow lacks."
# How long the end of a study waits for a server: a share of the study's time, at the least this.
WAIT_SHARE, WAIT_S = 0.08, 4.0
# And for a database beside it, which no network holds up.
LOCAL_WAIT_S = 60.0


class Mirror:
    """Writes trials to MLflow from a thread of its own.

    Trouble with MLflow neither stops a study nor slows it: it is told once, and `sync` catches up.
    """

    def __init__(self, label: StudyLabel) -> None:
        self._label = label
        self._trials: Sequence[Trial] = ()
        self._page: StudyPage | None = None
        self._news = threading.Event()
        self._ended = False
        self._told = False
        self._thread = threading.Thread(target=self._run, name="mlflow-mirror", daemon=True)

    def __enter__(self) -> Self:
        self._started = time.monotonic()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended = True
        self._news.set()
        if kind is not None:
            return
        spent = time.monotonic() - self._started
        self._thread.join(patience(spent, is_local()))
        if self._thread.is_alive():
            self._tell("MLflow is slow: " + LATER)

    def update(self, trials: Sequence[Trial]) -> None:
        """Tell of all finished trials so far; returns at once."""
        self._trials = trials
        self._news.set()

    def complete(self, trials: Sequence[Trial], page: StudyPage) -> None:
        """Tell that the study is over, and what its own run shows; returns at once."""
        self._page = page
        self.update(trials)

    def _run(self) -> None:
        client = connect()
        runs = StudyRuns(client, self._label)
        ended = False
        while not ended:
            self._news.wait()
            self._news.clear()
            # Read before the work: what came by the end is written, what ended it is seen.
            ended, trials, page = self._ended, self._trials, self._page
            try:
                run_id = runs.sync(trials)
                if page is not None:
                    complete_study(client, run_id, page)
            except Exception as error:
                # Of any kind: stores and networks raise their own, and no study is to end by it.
                # What was written when the trouble came is not known: look again next time.
                runs = StudyRuns(client, self._label)
                self._tell(f"MLflow does not answer ({reason(error)}): " + LATER)

    def _tell(self, message: str) -> None:
        if not self._told:
            self._told = True
            logger.warning(message)


def patience(spent: float, local: bool) -> float:
    """Seconds that the end of a study of `spent` seconds waits for MLflow."""
    return LOCAL_WAIT_S if local else max(WAIT_S, WAIT_SHARE * spent)
