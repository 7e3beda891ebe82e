"""Run a task on a worker: on one core, and only where its versions are the wanted ones."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Protocol

from threadpoolctl import threadpool_limits

from pipeline.cluster.versions import differences, own_versions
from pipeline.project.machine import processor

PROTOCOL = 5


class OtherVersionsError(Exception):
    """A worker has other versions than the process that asks; the message names them."""


class Work(Protocol):
    """A function of the shared data and a task's own. Workers find it by its module and name."""

    def __call__(self, shared: Any, own: Any) -> Any:
        """Return the result, which has to be the same on every worker."""


def unpack(data: bytes) -> Any:
    """Return the data that tasks share; Dask keeps it on each worker that needs it."""
    return pickle.loads(data)


def run(own: bytes, shared: Any, work: Work, wanted: Mapping[str, str]) -> tuple[str, bytes]:
    """Return the model of the processor, and the pickled result.

    own: the pickled data of the task itself, read only where the versions are the wanted ones.
    """
    if found := differences(wanted, own_versions()):
        raise OtherVersionsError(found)
    _limit_threads()
    return processor(), pickle.dumps(work(shared, pickle.loads(own)), PROTOCOL)


@cache
def _limit_threads() -> Callable[[], None]:
    """Let each task use one core, for as long as the process lives.

    Tasks run side by side, so a limit that one of them sets and lifts would be another's too.
    """
    return threadpool_limits(1).restore_original_limits  # type: ignore[no-any-return]
