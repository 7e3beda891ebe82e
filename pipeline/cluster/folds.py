"""Compute outer folds on a cluster, each a whole task, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pipeline.config.params import Params
from pipeline.evaluation.fold import FoldResult, evaluate_fold
from pipeline.evaluation.outer import OuterFold, Rows
from pipeline.evaluation.run import Compute, in_turn
from pipeline.training.trainers import Model, one_core, trainer

if TYPE_CHECKING:
    from pipeline.cluster.connection import Cluster


def outer_folds(cluster: Cluster | None, model: Model = "mlp") -> Compute:
    """Return what computes outer folds on the cluster; without one, in this process."""
    if cluster is None:
        return in_turn(trainer(model))

    def compute(rows: Rows, outer: Sequence[OuterFold], params: Params) -> Iterator[FoldResult]:
        for _, result in cluster.results(evaluate_outer, outer, (rows, params)):
            yield result

    return compute


def evaluate_outer(shared: tuple[Rows, Params], own: OuterFold) -> FoldResult:
    """Search, fit and score within one outer fold, on one core."""
    rows, params = shared
    return evaluate_fold(rows, own, params, one_core())
