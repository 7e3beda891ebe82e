"""Timing that a busy minute does not spoil: sides alternate, and the median counts."""

from __future__ import annotations

import os
import platform
import resource
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from statistics import median

import numpy as np
from threadpoolctl import threadpool_limits

SGEMM_SIZE = 2048


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def alternate(sides: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median wall seconds of each side, each run once a round, after a round unmeasured."""
    for work in sides.values():
        work()
    times: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, work in sides.items():
            times[name].append(seconds(work))
    return {name: median(of_side) for name, of_side in times.items()}


def sgemm_gflops(rounds: int = 7) -> float:
    """Measure the machine's matrix product on all cores, in GFLOP/s of single precision.

    The better of one product on all cores and of one product per core side by side.
    """
    rng = np.random.default_rng(0)
    a, b = rng.random((2, SGEMM_SIZE, SGEMM_SIZE), np.float32)
    cores = os.cpu_count() or 1
    with ThreadPoolExecutor(cores) as pool:

        def side_by_side() -> None:
            with threadpool_limits(1, "blas"):
                list(pool.map(lambda _: a @ b, range(cores)))

        def one() -> None:
            for _ in range(cores):
                a @ b

        one()
        best = min(seconds(work) for _ in range(rounds) for work in (one, side_by_side))
    return float(cores * 2 * SGEMM_SIZE**3 / best / 1e9)


def peak_memory_mb() -> float:
    """The most memory this process has held, in MB.

    Of Linux' own record: its resource usage begins with what the parent held.
    """
    try:
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6
    except FileNotFoundError:
        unit = 1 if platform.system() == "Darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def machine() -> dict[str, object]:
    """Name the machine that the figures hold for."""
    return {
        "cores": os.cpu_count(),
        "processor": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "numba": version("numba"),
        "tensorflow": version("tensorflow"),
    }
