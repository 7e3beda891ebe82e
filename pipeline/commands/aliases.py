"""Moving the champion's alias by hand: one at a time, with a reason, after what was interrupted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.config.errors import InputError
from pipeline.config.params import load_params
from pipeline.project.lock import exclusive
from pipeline.project.run_stage import logger
from pipeline.tracking.registry.champion import Registry


@contextmanager
def registry_alone() -> Iterator[Registry]:
    """Hold the registry against other stages, with the last decision carried out."""
    registry = Registry(load_params().tracking.model_name)
    with exclusive():
        finished = registry.finish()
        if finished:
            logger.info(
                "completed what was interrupted: version %s %s", finished.version, finished.action
            )
        yield registry


def stated(reason: str) -> str:
    """Return the reason in one line; `InputError` if it is empty."""
    line = " ".join(reason.split())
    if not line:
        raise InputError("gate: the reason is empty, want a few words. Say why, e.g. 'bad data'.")
    return line
