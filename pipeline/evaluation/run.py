"""All outer folds of all repetitions, each computed once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pipeline.config.params import Params
from pipeline.evaluation.arms import BASELINE, MIX
from pipeline.evaluation.feasible import check_feasible, check_outer
from pipeline.evaluation.fold import FoldResult, evaluate_fold, prepared
from pipeline.evaluation.outer import OuterFold, Rows, outer_fold, outer_numbers
from pipeline.evaluation.variants import acting_techniques
from pipeline.search.space import check_techniques
from pipeline.text.numbers import signed
from pipeline.training.builder_start import start_builder
from pipeline.training.fit import Trainer

# Takes the rows, the outer folds to compute and all parameters.
Compute = Callable[[Rows, Sequence[OuterFold], Params], Iterator[FoldResult]]
# A technique has an arm alone and one without it; elastic net, the baseline and the mix have one.
ARMS_OF_A_TECHNIQUE, OTHER_ARMS = 2, 3


class Store(Protocol):
    """Keeps finished outer folds."""

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
    check_techniques(params.search.space, rows.schema.task)
    check_feasible(rows, evaluate)
    numbers = outer_numbers(rows, split, evaluate, seed)
    outer = tuple(
        outer_fold(rows, numbers[repeat], repeat, fold, split, evaluate.inner_folds, seed)
        for repeat in range(evaluate.repeats)
        for fold in range(evaluate.folds)
    )
    check_outer(rows, outer)
    return Plan(rows, outer)


def start_evaluation(plan: Plan, params: Params, left: int) -> None:
    """Check the user's own network, if there is one, and say what so many outer folds cost."""
    if params.network.builder is None or left == 0:
        return
    _, final = prepared(plan.rows, plan.outer[0], params)
    evaluate = params.evaluate
    acting = acting_techniques(params.network, params.search.space)
    compared = ARMS_OF_A_TECHNIQUE * len(acting) + OTHER_ARMS
    start_builder(
        final,
        len(plan.rows.schema.classes),
        params.network,
        params.train,
        params.baseline,
        left * (evaluate.trials * evaluate.inner_folds + compared * evaluate.seeds),
        "evaluate.repeats",
    )


def in_turn(trainer: Trainer) -> Compute:
    """Return a function that computes outer folds in this process, one after the other."""

    def compute(rows: Rows, outer: Sequence[OuterFold], params: Params) -> Iterator[FoldResult]:
        for fold in outer:
            yield evaluate_fold(rows, fold, params, trainer)

    return compute


def run_evaluation(
    plan: Plan, params: Params, compute: Compute, store: Store, show: Callable[[int, str], None]
) -> Iterator[FoldResult]:
    """Yield the results of the outer folds in order, from the store or computed and kept there.

    compute: gives the results of outer folds in any order, each to be kept as soon as it is there.
    show: is told, after each one that had to be computed, how many there are and what they say.
    """
    found: dict[OuterFold, FoldResult] = {}
    for outer in plan.outer:
        kept = store.read(outer.repeat, outer.number)
        if kept is not None:
            found[outer] = kept
    missing = [outer for outer in plan.outer if outer not in found]
    places = {(outer.repeat, outer.number): outer for outer in missing}
    loss = plan.rows.schema.task.loss
    changes = [_change(result, loss.name) for result in found.values()]
    for result in compute(plan.rows, missing, params):
        store.write(result)
        found[places[result.record.repeat, result.record.fold]] = result
        changes.append(_change(result, loss.name))
        show(len(found), f"change of {loss.words} so far {signed(float(np.mean(changes)), 3)}")
    for outer in plan.outer:
        yield found[outer]


def _change(result: FoldResult, loss: str) -> float:
    """Return the mean loss of the tuned mix minus that of the baseline."""
    means = result.losses.groupby("arm")[loss].mean()
    return float(means[MIX] - means[BASELINE])
