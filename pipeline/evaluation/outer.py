"""Outer folds, and how each outer training part is divided again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.config.sections.evaluate import EvaluateParams
from pipeline.config.sections.split import SplitParams
from pipeline.data.roles import assign_folds, chosen_rows, identities
from pipeline.data.schema import Schema
from pipeline.data.target import strata

Texts = npt.NDArray[np.str_]
Positions = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows that an evaluation uses.

    frame: raw rows. labels, identity: (row,) classes or parts of a numeric target, and digests that
    equal rows and members of a group share. stop_share: share of val in train and val together.
    available: rows there were to choose from.
    """

    frame: pd.DataFrame
    schema: Schema
    labels: Texts
    identity: Texts
    stop_share: float
    available: int


@dataclass(frozen=True, eq=False)
class OuterFold:
    """One outer fold: positions of rows.

    held_out: scored, and used for nothing else. stop: stop the fits. rest: train. inner: (rest,)
    fold numbers of the search within.
    """

    repeat: int
    number: int
    held_out: Positions
    stop: Positions
    rest: Positions
    inner: npt.NDArray[np.int32]


def usable_rows(
    train: pd.DataFrame,
    val: pd.DataFrame,
    schema: Schema,
    limit: int | None,
    split: SplitParams,
    seed: int,
) -> Rows:
    """Return train and val rows together, or `limit` of them drawn by the seed."""
    columns = list(val.columns)
    frame = pd.concat([train[columns], val], ignore_index=True)
    identity = identities(frame, schema)
    draw = split.model_copy(update={"rows": limit, "seed": seed})
    chosen = chosen_rows(np.full(len(frame), "train"), identity, draw)
    used = frame[chosen].reset_index(drop=True)
    return Rows(
        frame=used,
        schema=schema,
        labels=strata(used, schema),
        identity=identity[chosen],
        stop_share=len(val) / len(frame),
        available=len(frame),
    )


def outer_numbers(
    rows: Rows, split: SplitParams, evaluate: EvaluateParams, seed: int
) -> npt.NDArray[np.int32]:
    """(repeat, row) outer fold of each row: stratified, and equal rows and groups stay together."""
    return np.stack(
        [
            _deal(rows.labels, rows.identity, split, evaluate.folds, draw_seed(seed, repeat))
            for repeat in range(evaluate.repeats)
        ]
    )


def outer_fold(
    rows: Rows,
    numbers: npt.NDArray[np.int32],
    repeat: int,
    number: int,
    split: SplitParams,
    inner_folds: int,
    seed: int,
) -> OuterFold:
    """Divide the rows that are not in this outer fold into stop rows and inner folds.

    numbers: (row,) outer folds of this repetition. What the held-out rows contain decides nothing.
    """
    training = np.flatnonzero(numbers != number)
    draw = draw_seed(seed, repeat, number)
    stops = _share(rows.labels[training], rows.identity[training], rows.stop_share, draw)
    rest = training[~stops]
    return OuterFold(
        repeat=repeat,
        number=number,
        held_out=np.flatnonzero(numbers == number),
        stop=training[stops],
        rest=rest,
        inner=_deal(rows.labels[rest], rows.identity[rest], split, inner_folds, draw),
    )


def draw_seed(*numbers: int) -> int:
    """Return a seed of its own for each sequence of numbers, from 0 to 2^31 - 1."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0] >> 1)


def _deal(
    labels: Texts, identity: Texts, split: SplitParams, folds: int, seed: int
) -> npt.NDArray[np.int32]:
    return assign_folds(labels, identity, split.model_copy(update={"folds": folds, "seed": seed}))


def _share(labels: Texts, identity: Texts, share: float, seed: int) -> npt.NDArray[np.bool_]:
    """(row,) whether a row is among about this share of each class, drawn group by group.

    At least one group of each class is drawn; a group counts as of the class of its first row.
    """
    _, first, group = np.unique(identity, return_index=True, return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(first))
    sizes, of_class = np.bincount(group), labels[first]
    drawn = np.zeros(len(first), bool)
    for label in np.unique(of_class):
        candidates = order[of_class[order] == label]
        total = np.cumsum(sizes[candidates])
        count = int(np.searchsorted(total, round(share * total[-1]), side="right"))
        drawn[candidates[: max(1, count)]] = True
    return drawn[group]
