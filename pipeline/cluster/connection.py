"""A connection to a Dask cluster: send tasks, take their results, and say what went wrong."""

from __future__ import annotations

import hashlib
import pickle
import queue
import uuid
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Any

from distributed import Client, Future

from pipeline.cluster.faults import explained, scheduler_gone
from pipeline.cluster.patience import Patience
from pipeline.cluster.task import PROTOCOL, Work, run, unpack
from pipeline.cluster.versions import own_versions
from pipeline.config.errors import InputError

# How often the cluster is looked at while no result comes, and how long an answer may take.
LOOK_S = 5.0
ANSWER_S = 30.0
# How many sets of shared data stay on the workers; each is as large as the tables of a stage.
KEPT_SETS = 4


class Cluster:
    """Workers that compute pure functions of what they are sent.

    processors: models of the processors that have computed something.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._shared: OrderedDict[str, Future] = OrderedDict()
        self.processors: set[str] = set()

    def threads(self) -> int:
        """Return how many tasks the workers can run side by side now, one at the least."""
        counts: dict[str, int] = self._ask(self._client.scheduler.ncores)
        return max(1, sum(counts.values()))

    def results(self, work: Work, own: Sequence[Any], shared: Any) -> Iterator[tuple[int, Any]]:
        """Yield place and result of each task as it ends. `InputError` says what to do if not.

        own: what each task is given for itself. shared: what all are given; workers keep it, and
        fetch it from each other. A worker that dies has its tasks done by others.
        """
        name, data = f"task-{uuid.uuid4().hex}", self._on_workers(shared)
        futures = self._client.map(
            run,
            [pickle.dumps(one, PROTOCOL) for one in own],
            key=[(name, place) for place in range(len(own))],
            shared=data,
            work=work,
            wanted=dict(own_versions()),
            pure=False,
        )
        ended: queue.SimpleQueue[int] = queue.SimpleQueue()
        for place, future in enumerate(futures):
            future.add_done_callback(lambda _, place=place: ended.put(place))
        patience = Patience()
        try:
            for _ in futures:
                place = self._next(ended, patience)
                processor, result = self._result(futures[place])
                self.processors.add(processor)
                yield place, pickle.loads(result)
        finally:
            for future in futures:
                future.release()

    def _next(self, ended: queue.SimpleQueue[int], patience: Patience) -> int:
        """Wait for a task to end, for as long as there are workers."""
        while True:
            try:
                return ended.get(timeout=LOOK_S)
            except queue.Empty:
                # One that lacks memory pauses, maybe for good.
                patience.with_workers(len(self._ask(self._client.scheduler.ncores_running)))

    def _result(self, future: Future) -> tuple[str, bytes]:
        try:
            processor, result = future.result(timeout=ANSWER_S)
        except InputError:
            raise
        except Exception as error:
            raise explained(error, self._client) from error
        return processor, result

    def _on_workers(self, shared: Any) -> Future:
        """Return the data as Dask holds it, sent once for each content."""
        packed = pickle.dumps(shared, PROTOCOL)
        digest = hashlib.sha256(packed).hexdigest()
        if digest not in self._shared:
            # A task and not scattered data: if its last worker dies, Dask makes it again.
            self._shared[digest] = self._client.submit(unpack, packed, key=f"data-{digest}")
            while len(self._shared) > KEPT_SETS:
                self._shared.popitem(last=False)
        self._shared.move_to_end(digest)
        return self._shared[digest]

    def _ask(self, question: Any) -> Any:
        """Ask the scheduler; `InputError` if it does not answer."""
        try:
            return self._client.sync(question, callback_timeout=ANSWER_S)
        except (OSError, TimeoutError) as error:
            raise scheduler_gone() from error
