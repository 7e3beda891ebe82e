from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from pipeline.config.params import Params
from pipeline.data.schema import FOLD_COLUMN, Schema
from pipeline.data.table import Table
from pipeline.evaluation.outer import OuterFold, Rows, outer_fold, outer_numbers, usable_rows


def parts(rows: Rows, params: Params) -> list[OuterFold]:
    numbers = outer_numbers(rows, params.split, params.evaluate, params.seed)
    return [
        outer_fold(rows, numbers[repeat], repeat, fold, params.split, 2, params.seed)
        for repeat in range(params.evaluate.repeats)
        for fold in range(params.evaluate.folds)
    ]


def test_each_row_is_held_out_once_in_each_repetition(rows: Rows, params: Params) -> None:
    every = np.arange(len(rows.frame))
    dealt = parts(rows, params)
    for repeat in range(2):
        held_out = [part.held_out for part in dealt if part.repeat == repeat]
        assert np.array_equal(np.sort(np.concatenate(held_out)), every)
    for part in dealt:
        together = np.concatenate([part.held_out, part.stop, part.rest])
        assert np.array_equal(np.sort(together), every)
        assert set(part.inner) == {0, 1}
    assert not np.array_equal(dealt[0].held_out, dealt[3].held_out)


def test_parts_have_their_share_of_each_class(rows: Rows, params: Params) -> None:
    share = (rows.labels == "yes").mean()
    assert rows.stop_share == 0.2
    for part in parts(rows, params):
        assert len(part.stop) == pytest.approx(0.2 * (len(part.stop) + len(part.rest)), abs=1)
        for positions in (part.held_out, part.stop, part.rest, part.rest[part.inner == 0]):
            assert (rows.labels[positions] == "yes").mean() == pytest.approx(share, abs=0.04)


def test_groups_are_cut_nowhere(rows: Rows, params: Params) -> None:
    shops = np.array([f"shop {number % 40}" for number in range(len(rows.frame))])
    grouped = dataclasses.replace(rows, identity=shops)
    for part in parts(grouped, params):
        sets = [part.held_out, part.stop, part.rest[part.inner == 0], part.rest[part.inner == 1]]
        shops_of = [set(shops[positions]) for positions in sets]
        assert sum(map(len, shops_of)) == len(set.union(*shops_of)) == 40
        assert len(part.stop) == pytest.approx(0.2 * (len(part.stop) + len(part.rest)), abs=6)


def test_content_of_held_out_rows_decides_nothing(rows: Rows, params: Params) -> None:
    numbers = outer_numbers(rows, params.split, params.evaluate, params.seed)[0]
    before = outer_fold(rows, numbers, 0, 1, params.split, 2, params.seed)
    labels, identity = rows.labels.copy(), rows.identity.copy()
    labels[before.held_out], identity[before.held_out] = "no", identity[0]
    other = dataclasses.replace(rows, labels=labels, identity=identity)
    after = outer_fold(other, numbers, 0, 1, params.split, 2, params.seed)
    for name in ("held_out", "stop", "rest", "inner"):
        assert np.array_equal(getattr(before, name), getattr(after, name))


def test_limit_draws_rows_by_the_seed(table: Table, schema: Schema, params: Params) -> None:
    train, val = table.frame[:96].assign(**{FOLD_COLUMN: 0}), table.frame[96:]
    few = usable_rows(train, val, schema, 60, params.split, 1)
    assert (len(few.frame), few.available) == (60, 120)
    assert few.frame.equals(usable_rows(train, val, schema, 60, params.split, 1).frame)
    assert not few.frame.equals(usable_rows(train, val, schema, 60, params.split, 2).frame)
    more = usable_rows(train, val, schema, 80, params.split, 1)
    assert set(few.identity) < set(more.identity)
