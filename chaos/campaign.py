"""Say which faults are injected where, and account for what they did."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from chaos import cluster, signals, surroundings
from chaos.checks import Difference, difference, state
from chaos.site import BrokenPromiseError, Site
from chaos.surroundings import ImpossibleError

Strike = Callable[[Site, Random], None]


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong while a stage runs."""

    name: str
    target: str
    strike: Strike


@dataclass(frozen=True)
class Account:
    """Says what became of a checkout after its faults, once it was run to the end.

    wrong: broken promises, besides trials and runs lost or doubled. impossible: why a fault could
    not be injected on this machine.
    """

    faults: Sequence[Fault]
    injected: int
    difference: Difference | None
    wrong: str | None
    impossible: str | None
    seconds: float

    @property
    def good(self) -> bool:
        """Say whether the result is the one of an undisturbed run."""
        return self.wrong is None and (self.difference is None or self.difference.none)


KINDS: dict[str, tuple[Strike, dict[str, int]]] = {
    "SIGKILL to the stage": (signals.kill_stage, {"tune": 10, "evaluate": 5, "compare": 9}),
    "SIGKILL or SIGTERM to dvc alone": (signals.kill_dvc, {"tune": 4, "compare": 3}),
    "SIGKILL to both": (signals.kill_both, {"tune": 4, "evaluate": 2, "compare": 4}),
    "SIGTERM to the stage": (
        signals.stop_stage(signal.SIGTERM),
        {"tune": 2, "evaluate": 1, "compare": 2},
    ),
    "SIGINT to the stage": (signals.stop_stage(signal.SIGINT), {"tune": 1, "compare": 1}),
    "Ctrl-C in the terminal": (signals.interrupt_terminal, {"tune": 2, "compare": 1}),
    "two dvc repro at once": (signals.two_at_once, {"tune": 1, "compare": 1}),
    "MLflow server killed": (surroundings.server_dies, {"tune": 3, "compare": 2}),
    "MLflow server frozen": (surroundings.server_freezes, {"tune": 2, "compare": 2}),
    "MLflow server slow": (surroundings.server_slow, {"tune": 1}),
    "MLflow server absent": (surroundings.server_absent, {"tune": 1, "compare": 1}),
    "disk full": (surroundings.disk_full, {"tune": 3, "compare": 2}),
    "read-only folder": (surroundings.read_only, {"tune": 2, "compare": 2}),
    "Dask's worker killed": (cluster.worker_killed, {"tune": 3, "evaluate": 3}),
    "Dask's worker killed always": (cluster.worker_killed_always, {"tune": 1, "evaluate": 1}),
    "Dask's scheduler killed": (cluster.scheduler_killed, {"tune": 2, "evaluate": 2}),
    "Dask's worker stalled": (cluster.worker_stalled, {"tune": 2, "evaluate": 2}),
    "Dask's worker lacks memory": (cluster.worker_out_of_memory, {"tune": 1, "evaluate": 1}),
    "PostgreSQL restarted": (cluster.database_restarted, {"tune": 3}),
    "clock a day back": (surroundings.clock_steps_back, {"tune": 2, "compare": 1}),
}
# For CI: several faults one after the other, then one run to the end.
SHORT: list[tuple[str, list[str]]] = [
    (
        "tune",
        [
            "SIGKILL to the stage",
            "read-only folder",
            "SIGKILL to both",
            "SIGTERM to the stage",
            "disk full",
        ],
    ),
    ("evaluate", ["SIGKILL to the stage", "SIGTERM to the stage"]),
    ("evaluate", ["Dask's worker killed"]),
    ("tune", ["PostgreSQL restarted"]),
    ("compare", ["SIGKILL to the stage", "disk full", "SIGKILL to the stage"]),
]


def full() -> Iterator[list[Fault]]:
    """Every fault by itself."""
    for name, (strike, counts) in KINDS.items():
        for target, count in counts.items():
            for _ in range(count):
                yield [Fault(name, target, strike)]


def short() -> Iterator[list[Fault]]:
    """A few faults of chosen kinds, one after the other."""
    for target, names in SHORT:
        yield [Fault(name, target, KINDS[name][0]) for name in names]


def inject(site: Site, faults: Sequence[Fault], rng: Random) -> Account:
    """Inject faults one after the other, run to the end, and compare with the undisturbed run."""
    begun = time.monotonic()
    injected, wrong, differs = 0, None, None
    impossible = None
    site.restore(faults[0].target)
    try:
        for fault in faults:
            try:
                fault.strike(site, rng)
                injected += 1
            except ImpossibleError as error:
                impossible = f"{fault.name}: {error}"
        if injected:
            site.finish()
            site.assert_up_to_date()
            differs = difference(state(site.project.path), state(site.reference))
    except BrokenPromiseError as error:
        injected, wrong = injected + 1, str(error)
    return Account(faults, injected, differs, wrong, impossible, time.monotonic() - begun)
