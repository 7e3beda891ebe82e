"""Writing a growing study to an MLflow that may be away."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipeline.config.errors import InputError
from pipeline.search.study import Trial
from pipeline.tracking.store.client import connect, reason
from pipeline.tracking.study.runs import StudyLabel, StudyPage, StudyRuns, complete_study


class Follower:
    """Writes what is new, and tries again next time if MLflow did not answer.

    report: is given each trouble with MLflow in one line.
    """

    def __init__(self, label: StudyLabel, report: Callable[[str], None]) -> None:
        self._label = label
        self._report = report
        self._runs: StudyRuns | None = None

    def write(self, trials: Sequence[Trial], page: StudyPage | None = None) -> None:
        """Make MLflow equal to these trials; with a page, the study is over."""
        try:
            if self._runs is None:
                self._client = connect()
                self._runs = StudyRuns(self._client, self._label)
            run_id = self._runs.sync(trials)
            if page is not None:
                complete_study(self._client, run_id, page)
        except Exception as error:
            # Stores and networks raise errors of their own, and none of them is to end a study.
            # Nobody knows what was written when the trouble came: look again next time.
            self._runs = None
            # An `InputError` says itself what is wrong.
            known = isinstance(error, InputError)
            trouble = str(error) if known else f"MLflow does not answer ({reason(error)})"
            self._report(trouble)
