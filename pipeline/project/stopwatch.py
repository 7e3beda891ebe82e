"""A stopwatch that says where the time of a stage goes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

DIGITS = 3


class Stopwatch:
    """Wall seconds by part, in the order in which parts began, since `started`."""

    def __init__(self) -> None:
        self.started = datetime.now()
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, part: str) -> Iterator[None]:
        """Count the block's time to a part."""
        start = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - start
            self.seconds[part] = round(self.seconds.get(part, 0.0) + spent, DIGITS)
