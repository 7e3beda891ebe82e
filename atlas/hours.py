"""Estimate how long the tables that are left will take: `python -m atlas.hours`.

At the start the machine is measured for some seconds. As soon as tables are finished, theirs are
the seconds that the others are reckoned from.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping

import numpy as np

from atlas.result import Result, read_results
from atlas.tables import AtlasTable, read_list
from pipeline.config.params import Params, load_params
from pipeline.config.sections.regularization import OFF
from pipeline.data.prepare import Fold
from pipeline.evaluation.arms import arms
from pipeline.project.run_stage import run_stage
from pipeline.text.numbers import counted
from pipeline.training.architecture import Architecture, initial_weights
from pipeline.training.fit import Member
from pipeline.training.trainers import trainer

logger = logging.getLogger("pipeline.atlas")
# Share of the most epochs that a fit takes on average, as early stopping ends many.
EPOCHS_SHARE = 0.7
# The stages' starts, preparation and other models.
OVERHEAD_S = 30.0
MEASURED = AtlasTable(
    source="", target="", task="classification", drop=(), rows=600, columns=30, classes=2, why=""
)
MEASURED_EPOCHS, MEASURED_MEMBERS = 20, 16
HOUR_S = 3600


def main() -> None:
    params, tables = load_params(), read_list()
    results = read_results(tables)
    left = {name: table for name, table in tables.items() if name not in results}
    rate = _measure(params)
    logger.info(
        "The atlas has %d tables, %d of them finished. The other %d take about %s on this machine"
        " if it has nothing else to do.",
        len(tables),
        len(results),
        len(left),
        hours(seconds_of(left, params, rate)),
    )


def report_progress() -> None:
    """Say how many tables are left, and how long they take if they go on like the finished ones."""
    params, tables = load_params(), read_list()
    results = read_results(tables)
    left = {name: table for name, table in tables.items() if name not in results}
    logger.info(
        "%d of %d tables are finished; the others take about %s.",
        len(results),
        len(tables),
        hours(seconds_of(left, params, finished_rate(tables, results, params))),
    )


def work(table: AtlasTable, params: Params) -> float:
    """Return the work of a table's evaluation: multiplications of one row in steps of training."""
    evaluate, batch = params.evaluate, params.train.batch_size
    rows = min(table.rows * (1 - params.split.test), evaluate.rows or np.inf)
    fitted = rows * (1 - 1 / evaluate.folds) * (1 - params.split.val)
    inner = fitted * (1 - 1 / evaluate.inner_folds)
    ways = (
        len(arms(OFF, OFF, {}, params.network, params.search.space))
        + len(params.search.space.techniques)
        + 1
    )
    steps = evaluate.trials * evaluate.inner_folds * inner + ways * evaluate.seeds * fitted
    epochs = EPOCHS_SHARE * params.train.max_epochs * evaluate.folds * evaluate.repeats
    return float(epochs * np.ceil(steps / batch) * _weights(table, params))


def seconds_of(tables: Mapping[str, AtlasTable], params: Params, rate: float) -> float:
    """Return about how long these tables take. rate: work per second."""
    return sum(OVERHEAD_S + work(table, params) / rate for table in tables.values())


def finished_rate(
    tables: Mapping[str, AtlasTable], results: Mapping[str, Result], params: Params
) -> float:
    """Return the work per second of the finished tables."""
    finished = [name for name, result in results.items() if result.finding]
    if not finished:
        return _measure(params)
    spent = sum(max(1.0, results[name].made.seconds - OVERHEAD_S) for name in finished)
    return sum(work(tables[name], params) for name in finished) / spent


def hours(seconds: float) -> str:
    """Write a time in hours, or in minutes if it is short."""
    if seconds < HOUR_S:
        return counted(max(1, round(seconds / 60)), "minute")
    return f"{seconds / HOUR_S:.1f} hours"


def _weights(table: AtlasTable, params: Params) -> int:
    shape = Architecture.of(params.network, table.columns, table.classes or 0)
    return sum(array.size for array in initial_weights(shape, 0))


def _measure(params: Params) -> float:
    """Return the work per second of the trainer on this machine, at this moment."""
    rng = np.random.default_rng(0)
    x = rng.random((MEASURED.rows, MEASURED.columns), np.float32)
    rows = np.arange(MEASURED.rows, dtype=np.int32)
    fold = Fold(x, (x[:, 0] > 0.5).astype(np.int32), rows, rows[:32], rows[:32])
    shape = Architecture.of(params.network, MEASURED.columns, MEASURED.classes or 0)
    train = params.train.model_copy(update={"max_epochs": MEASURED_EPOCHS})
    members = [Member(fold, OFF, seed) for seed in range(MEASURED_MEMBERS)]
    trainer()(members[:1], shape, train.model_copy(update={"max_epochs": 1}), keep_weights=False)
    started = time.perf_counter()
    trainer()(members, shape, train, keep_weights=False)
    seconds = time.perf_counter() - started
    steps = MEASURED_MEMBERS * MEASURED_EPOCHS * np.ceil(MEASURED.rows / train.batch_size)
    return float(steps * _weights(MEASURED, params) / seconds)


if __name__ == "__main__":
    run_stage(main)
