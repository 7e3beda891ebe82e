"""How far a stage is: a bar on a terminal, a line at each step elsewhere."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

logger = logging.getLogger(__name__)


@contextmanager
def progress(stage: str, unit: str, total: int, done: int) -> Iterator[Callable[[int, str], None]]:
    """Give a function that takes how many units are done and a note on them.

    done: units that an earlier run has done; the time left is reckoned from the others.
    """
    started = time.monotonic()
    with tqdm(
        total=total, initial=done, unit=unit, desc=stage, disable=not sys.stderr.isatty()
    ) as bar:

        def show(now: int, note: str) -> None:
            if bar.disable:
                elapsed = time.monotonic() - started
                left = elapsed / max(now - done, 1) * (total - now)
                logger.info("%s %d of %d, %s, %.0f s left", unit, now, total, note, left)
            else:
                bar.set_postfix_str(note, refresh=False)
                bar.update(now - bar.n)

        yield show
