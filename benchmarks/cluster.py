"""Time two workers beside one process, and simulate more workers from what tasks were seen to take.

The simulation assumes: every worker is one core as fast as those here; the scheduler hands out one
task after the other, each at the overhead that was measured for an empty one; a worker fetches the
shared data once, at 1 Gbit/s; times of tasks are drawn from those that were measured. Between two
waves of a study, proposals take the time they took here.
"""

from __future__ import annotations

import contextlib
import heapq
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.timing import alternate, seconds
from pipeline.cluster.chosen import chosen_cluster
from pipeline.cluster.connection import Cluster
from pipeline.cluster.folds import outer_folds
from pipeline.cluster.members import CHUNKS_PER_THREAD, executor
from pipeline.cluster.settings import ADDRESS
from pipeline.commands.services import HOST, free_port, scheduler, worker
from pipeline.config.params import Params, load_params
from pipeline.config.sections.regularization import Regularization
from pipeline.data.description import read_schema
from pipeline.data.prepare import Fold, prepare_cv
from pipeline.evaluation.fold import evaluate_fold
from pipeline.evaluation.outer import usable_rows
from pipeline.evaluation.run import Plan, in_turn, plan_evaluation
from pipeline.project.outputs import TRAIN, VAL, read_rows
from pipeline.search.evaluate import evaluate
from pipeline.search.proposals import Proposals
from pipeline.training.trainers import one_core, trainer

ROOT = Path(__file__).parents[1]
WORKERS = 2
WAVE, TRIALS = 16, 100
MEASURED_FOLDS = 4
EMPTY_TASKS = 200
ROUNDS = 3
BYTES_PER_S = 125e6
SIMULATED = (1, 2, 4, 8, 16, 32, 64)
# Outer folds of the evaluation that is simulated, and the batches of the studies.
OUTER_TASKS, BATCHES = 100, (8, 16, 64)
DRAWS = 50


@dataclass(frozen=True)
class Material:
    """The default data, as `tune` and `evaluate` use it, and regularizations of a wave."""

    params: Params
    folds: Sequence[Fold]
    plan: Plan
    wave: Sequence[Regularization]
    proposals_s: float

    def study(self, train: Any, wave: Sequence[Regularization] | None = None) -> object:
        """Score regularizations as `tune` does."""
        p = self.params
        return evaluate(wave or self.wave, self.folds, p.network, p.train, 2, p.seed, train)


def cluster() -> dict[str, object]:
    """Speed of two workers over one process on as many cores, and efficiency of more, simulated."""
    with tempfile.TemporaryDirectory() as folder, _default_data(Path(folder)) as material:
        outer = material.plan.outer[:MEASURED_FOLDS]
        rows, params = material.plan.rows, material.params
        with _local_cluster(Path(folder)) as workers:
            studies = alternate(
                {
                    "inline": partial(material.study, trainer()),
                    "workers": partial(material.study, trainer(executor=executor(workers))),
                },
                ROUNDS,
            )
            evaluations = alternate(
                {
                    "inline": lambda: list(in_turn(trainer())(rows, outer, params)),
                    "workers": lambda: list(outer_folds(workers)(rows, outer, params)),
                },
                1,
            )
            empty = seconds(lambda: list(workers.results(_nothing, range(EMPTY_TASKS), None)))
        fits = [
            seconds(partial(material.study, one_core(), [values])) / len(material.folds)
            for values in material.wave
        ]
        searches = [
            seconds(partial(evaluate_fold, rows, fold, params, one_core())) for fold in outer
        ]
        shared = {
            "tune": len(pickle.dumps([(fold.x, fold.y) for fold in material.folds])),
            "evaluate": len(pickle.dumps((rows, params))),
        }
    overhead = empty / EMPTY_TASKS
    return {
        "study of 2 workers over inline": studies["inline"] / studies["workers"],
        "evaluation of 2 workers over inline": evaluations["inline"] / evaluations["workers"],
        "seconds of an empty task": overhead,
        "seconds of a fit on one core": float(np.mean(fits)),
        "seconds of an outer fold on one core": float(np.mean(searches)),
        "seconds of a proposal": material.proposals_s,
        "bytes of shared data": {name: float(size) for name, size in shared.items()},
        "simulated efficiency": [
            {
                "workers": float(count),
                "evaluate": _evaluation(searches, count, overhead, shared["evaluate"]),
                **{
                    f"tune, batch {batch}": _study(
                        fits, batch, count, overhead, shared["tune"], material
                    )
                    for batch in BATCHES
                },
            }
            for count in SIMULATED
        ],
    }


def makespan(tasks: Sequence[float], workers: int, overhead: float, fetch: float) -> float:
    """Seconds until all tasks are done, each taken by the first worker that is free.

    overhead: seconds between two tasks that the scheduler hands out. fetch: seconds that a worker
    needs before its first task.
    """
    free = [(fetch, number) for number in range(workers)]
    heapq.heapify(free)
    end = 0.0
    for place, task in enumerate(tasks):
        at, number = heapq.heappop(free)
        done = max(at, (place + 1) * overhead) + task
        end = max(end, done)
        heapq.heappush(free, (done, number))
    return end


def _evaluation(searches: Sequence[float], workers: int, overhead: float, size: int) -> float:
    """Efficiency: the seconds of one core without overhead, over those of all workers."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(DRAWS):
        tasks = rng.choice(searches, OUTER_TASKS).tolist()
        spent = makespan(tasks, workers, overhead, size / BYTES_PER_S)
        found.append(sum(tasks) / workers / spent)
    return float(np.mean(found))


def _study(
    fits: Sequence[float],
    batch: int,
    workers: int,
    overhead: float,
    size: int,
    material: Material,
) -> float:
    """Efficiency of a study: waves one after the other, each in chunks, proposals between them."""
    rng, folds = np.random.default_rng(0), len(material.folds)
    work = spent = 0.0
    for start in range(0, TRIALS, batch):
        trials = min(batch, TRIALS - start)
        each = np.repeat(rng.choice(fits, trials), folds)
        chunk = -(-len(each) // (workers * CHUNKS_PER_THREAD))
        tasks = [each[place : place + chunk].sum() for place in range(0, len(each), chunk)]
        fetch = size / BYTES_PER_S if start == 0 else 0.0
        serial = trials * material.proposals_s
        spent += serial + makespan(tasks, workers, overhead, fetch)
        work += serial + each.sum()
    return work / workers / spent


def _nothing(shared: Any, own: Any) -> None:
    return None


@contextmanager
def _local_cluster(folder: Path) -> Iterator[Cluster]:
    port = free_port()
    with ExitStack() as stack:
        stack.enter_context(scheduler(folder, port, code=ROOT))
        for number in range(WORKERS):
            stack.enter_context(worker(folder, f"worker-{number}", code=ROOT))
        os.environ[ADDRESS] = f"tcp://{HOST}:{port}"
        try:
            chosen = stack.enter_context(chosen_cluster("mlp"))
        finally:
            del os.environ[ADDRESS]
        assert chosen is not None
        while chosen.threads() < WORKERS:
            pass
        yield chosen


@contextmanager
def _default_data(folder: Path) -> Iterator[Material]:
    """Split the default data in a clone, and prepare it as the stages do."""
    project = folder / "project"
    _run(["git", "clone", "--quiet", str(ROOT), str(project)], folder)
    for stage in ("fetch", "split"):
        _run([sys.executable, "-m", f"pipeline.stages.{stage}"], project)
    with contextlib.chdir(project):
        params, schema = load_params(), read_schema()
        train, val = read_rows(TRAIN), read_rows(VAL)
        folds = prepare_cv(train, val, schema, params.data.scale, params.data.categories)
        rows = usable_rows(train, val, schema, None, params.split, params.seed)
        plan = plan_evaluation(rows, params)
        wave, proposed = _wave(params)
        yield Material(params, folds, plan, wave, proposed)


def _wave(params: Params) -> tuple[list[Regularization], float]:
    """Return the values of a wave, and the seconds that one of them took to be proposed."""
    proposals = Proposals(params.search.space, [params.baseline], [params.seed])
    values: list[Regularization] = []

    def propose() -> None:
        drawn = (proposals.ask(number) for number in range(WAVE))
        values.extend(Regularization.model_validate(value) for value in drawn)

    return values, seconds(propose) / WAVE


def _run(command: list[str], folder: Path) -> None:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = os.environ | {"PATH": path}
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
