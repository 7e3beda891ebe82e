"""Show how far a stage of unequal parts is: a bar on a terminal, a line elsewhere."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from pipeline.project.progress import bar
from pipeline.project.status_line import STATUS

logger = logging.getLogger(__name__)

MOMENT_S = 0.001


class PartClock:
    """Times the parts of a stage, and shows which one is going on.

    clock: times a part by its name. expected: the seconds that each part is taken to last, in
    order; the parts that are over show by how much this run is faster or slower.
    """

    def __init__(
        self,
        stage: str,
        clock: Callable[[str], AbstractContextManager[None]],
        expected: Mapping[str, float],
    ) -> None:
        self._stage = stage
        self._clock = clock
        self._expected = expected
        self._started = time.monotonic()
        self._place = 0

    @contextmanager
    def __call__(self, part: str) -> Iterator[None]:
        """Show and time the block as a part."""
        begun = time.monotonic()
        names = list(self._expected)
        # A part that is not expected comes on top, wherever it comes.
        own = self._expected.get(part, 0.0)
        if own:
            self._place = names.index(part)

        def text(columns: int) -> str:
            share, left = self._standing(own, begun, time.monotonic())
            return bar(self._stage, share, f"{share:.0%}", left, part, columns)

        if not STATUS.works:
            logger.info("%s, %s", self._stage, part)
        with STATUS.showing(text), self._clock(part):
            yield

    def _standing(self, own: float, begun: float, now: float) -> tuple[float, float]:
        """Return the share that is done, from 0 to 1, and the seconds that are left.

        own: the expected seconds of the present part, which began at `begun`.
        """
        expected = list(self._expected.values())
        past, total = sum(expected[: self._place]), sum(expected)
        # How much slower than expected this machine is, at the least if this part takes too long.
        pace = (begun - self._started) / past if past else 1.0
        pace = max(pace, (now - self._started) / (past + own)) if past + own else pace
        done = past + min((now - begun) / max(pace, MOMENT_S), own)
        return (done / total if total else 0.0), (total - done) * pace


def earlier_seconds(file: Path, default: Mapping[str, float]) -> Mapping[str, float]:
    """Return the seconds of each part as an earlier run wrote them; the default without any."""
    try:
        seconds = json.loads(file.read_text(encoding="utf-8"))
        return {str(part): float(spent) for part, spent in seconds.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return default
