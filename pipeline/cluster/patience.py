"""Wait for workers, which may come late or be replaced, but not for ever."""

from __future__ import annotations

import logging
import time

from pipeline.cluster.settings import ADDRESS, START_WORKER
from pipeline.config.errors import InputError

logger = logging.getLogger(__name__)

# A batch system may take this long to start a worker.
WITHOUT_WORKERS_S = 600.0


class Patience:
    """Ends a wait that no worker will end."""

    def __init__(self, limit_s: float = WITHOUT_WORKERS_S) -> None:
        self._limit = limit_s
        self._alone_since: float | None = None

    def with_workers(self, count: int) -> None:
        """Take note of how many workers there are; `InputError` after too long without any."""
        if count:
            self._alone_since = None
            return
        now = time.monotonic()
        if self._alone_since is None:
            self._alone_since = now
            logger.info(
                "the cluster has no worker that works; waiting for one, %.0f s at most", self._limit
            )
        elif now - self._alone_since > self._limit:
            raise InputError(
                f"{ADDRESS}: the scheduler has had no worker for {self._limit:.0f} s, want at least"
                f" one. Start some ({START_WORKER}), or give those that lack memory more"
                " (--memory-limit), then run dvc repro again; what is finished is kept."
            )
