"""Show how far a stage is: a bar on a terminal, a line at each step elsewhere."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pipeline.project.status_line import BEGUN, STATUS

logger = logging.getLogger(__name__)

# Characters between a bar's brackets.
SHORTEST, LONGEST = 5, 30
# Of a line that goes to a log.
LOG_COLUMNS = 100


@contextmanager
def progress(stage: str, unit: str, total: int, done: int) -> Iterator[Callable[[int, str], None]]:
    """Give a function that takes how many units are done and a note on them.

    done: units that an earlier run has done; the time left is estimated from the others.
    """
    started = changed = time.monotonic()
    now, note, left = done, "", 0.0

    def text(columns: int) -> str:
        known = done < now < total
        remaining = max(0.0, left - (time.monotonic() - changed)) if known else None
        return bar(stage, now / total, f"{now} of {total} {unit}s", remaining, note, columns)

    def show(number: int, about: str) -> None:
        nonlocal now, note, left, changed
        now, note, changed = number, about, time.monotonic()
        left = (changed - started) / max(now - done, 1) * (total - now)
        if STATUS.works:
            STATUS.redraw()
        else:
            logger.info("%s %d of %d, %s, %.0f s left", unit, now, total, note, left)

    with STATUS.showing(text):
        yield show
    if STATUS.works and now > done:
        logger.info("%s", text(LOG_COLUMNS))


def bar(
    stage: str,
    share: float,
    count: str,
    left: float | None,
    note: str,
    columns: int,
) -> str:
    """Write how far a stage is, in one line; the note is left out if there is no room for it.

    share: what is done, from 0 to 1. left: seconds, None if nobody can tell yet.
    """
    parts = [count, elapsed()]
    if left is not None:
        parts.append(f"{minutes(left)} left")
    room = columns - len(f"{stage} [] {', '.join(parts)}")
    if note and room - len(f", {note}") >= SHORTEST:
        parts.append(note)
        room -= len(f", {note}")
    length = min(max(room, SHORTEST), LONGEST)
    filled = round(length * share)
    return f"{stage} [{'#' * filled}{'.' * (length - filled)}] {', '.join(parts)}"


def elapsed() -> str:
    """Say how long the stage has run."""
    return f"{minutes(time.monotonic() - BEGUN)} elapsed"


def minutes(seconds: float) -> str:
    """Write a time as minutes and seconds, such as 1:05."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"
