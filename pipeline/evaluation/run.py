"""All outer folds of all repetitions, each computed once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pipeline.config.params import Params
from pipeline.evaluation.arms import BASELINE, MIX
from pipeline.evaluation.feasible import check_feasible, check_outer
from pipeline.evaluation.fold import FoldResult, evaluate_fold
from pipeline.evaluation.outer import OuterFold, Rows, outer_fold, outer_numbers
from pipeline.text.numbers import signed
from pipeline.training.fit import Trainer


class Store(Protocol):
    """Keeps finished outer folds."""

    def has(self, repeat: int, fold: int) -> bool:
        """Say whether an outer fold is finished."""

    def read(self, repeat: int, fold: int) -> FoldResult | None:
        """Return a finished outer fold, None if there is none."""

    def write(self, result: FoldResult) -> None:
        """Keep a finished outer fold."""


@dataclass(frozen=True)
class Plan:
    """The outer folds of an evaluation, in the order in which they are computed."""

    rows: Rows
    outer: tuple[OuterFold, ...]


def plan_evaluation(rows: Rows, params: Params) -> Plan:
    """Divide the rows for all repetitions; `InputError` if they are too few for that."""
    evaluate, split, seed = params.evaluate, params.split, params.seed
    check_feasible(rows, evaluate)
    numbers = outer_numbers(rows, split, evaluate, seed)
    outer = tuple(
        outer_fold(rows, numbers[repeat], repeat, fold, split, evaluate.inner_folds, seed)
        for repeat in range(evaluate.repeats)
        for fold in range(evaluate.folds)
    )
    check_outer(rows, outer)
    return Plan(rows, outer)


def run_evaluation(
    plan: Plan, params: Params, trainer: Trainer, store: Store, show: Callable[[int, str], None]
) -> Iterator[FoldResult]:
    """Yield the result of each outer fold, from the store if it is there, else computed and kept.

    show: is told, after each one that had to be computed, how many there are and what they say.
    """
    done = sum(store.has(outer.repeat, outer.number) for outer in plan.outer)
    changes, task = [], plan.rows.schema.task
    for outer in plan.outer:
        result = store.read(outer.repeat, outer.number)
        computed = result is None
        if result is None:
            result = evaluate_fold(plan.rows, outer, params, trainer)
            store.write(result)
        changes.append(_change(result, task.loss.name))
        if computed:
            done = min(done + 1, len(plan.outer))
            show(done, f"change of {task.loss.words} so far {signed(float(np.mean(changes)), 3)}")
        yield result


def _change(result: FoldResult, loss: str) -> float:
    """Return the mean loss of the tuned mix minus that of the baseline."""
    means = result.losses.groupby("arm")[loss].mean()
    return float(means[MIX] - means[BASELINE])
