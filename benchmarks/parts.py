"""Show where the time of `tune` goes: in a clone, in its own process, on an empty study."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

SPENT: dict[str, float] = defaultdict(float)


@contextmanager
def spent_on(part: str) -> Iterator[None]:
    start = time.perf_counter()
    try:
        yield
    finally:
        SPENT[part] += time.perf_counter() - start


def timed(owner: Any, name: str, part: str) -> None:
    """Count the time of a function to a part."""
    work: Callable[..., Any] = getattr(owner, name)

    def clocked(*args: Any, **named: Any) -> Any:
        with spent_on(part):
            return work(*args, **named)

    setattr(owner, name, clocked)


def main() -> None:
    with spent_on("imports"):
        from pipeline.search.study import Study
        from pipeline.stages import tune
        from pipeline.tracking.study import mirror

    waves = Study.remaining_waves

    def clocked_waves(study: Study) -> Iterator[Any]:
        iterator = waves(study)
        while True:
            with spent_on("optuna"):
                wave = next(iterator, None)
            if wave is None:
                return
            yield wave

    setattr(Study, "remaining_waves", clocked_waves)  # noqa: B010 - as `timed` does
    timed(Study, "tell", "optuna")
    timed(tune, "evaluate", "train")
    timed(tune, "write_outputs", "outputs and plots")
    timed(mirror.Mirror, "__exit__", "mlflow, waited for")
    with spent_on("whole"):
        tune.main()
    SPENT["whole"] += SPENT["imports"]
    print(json.dumps(SPENT))


if __name__ == "__main__":
    main()
