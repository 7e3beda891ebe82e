from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipeline.config.errors import InputError
from pipeline.config.sections.split import SplitParams
from pipeline.data.description import describe
from pipeline.data.roles import (
    assign_folds,
    assign_roles,
    changed_basis,
    check_folds,
    check_roles,
    chosen_rows,
    given_roles,
    identities,
    role_basis,
)
from pipeline.data.schema import Schema
from pipeline.data.table import Table

SPLIT = SplitParams(train=0.7, val=0.15, test=0.15, folds=5, group=None, seed=42)


def roles_of(frame: pd.DataFrame, schema: Schema) -> list[str]:
    return list(assign_roles(identities(frame, schema), SPLIT))


def test_appended_rows_move_no_old_row(table: Table, schema: Schema) -> None:
    newer = table.frame.sample(frac=1, random_state=3).assign(width=lambda f: f.width * 1.5)
    grown = pd.concat([table.frame, newer], ignore_index=True)
    assert roles_of(grown, schema)[: len(table.frame)] == roles_of(table.frame, schema)


def test_a_gap_in_a_new_row_moves_no_old_row(table: Table, schema: Schema) -> None:
    # An integer column turns to floats when a gap arrives.
    assert table.frame["count"].dtype == np.int64
    gap = pd.DataFrame({"width": [0.1], "count": [None], "colour": ["red"], "outcome": ["no"]})
    grown = pd.concat([table.frame, gap.astype({"count": float})], ignore_index=True)
    assert grown["count"].dtype == np.float64
    assert roles_of(grown, schema)[:-1] == roles_of(table.frame, schema)


def test_numbers_count_by_value_not_by_bits(table: Table, schema: Schema) -> None:
    gaps = table.frame["width"].isna()
    other_bits = np.array(0xFFF8000000000001, np.uint64).view(np.float64)
    width = table.frame["width"].where(~gaps, other_bits)
    assert width.to_numpy().tobytes() != table.frame["width"].to_numpy().tobytes()
    assert roles_of(table.frame.assign(width=width), schema) == roles_of(table.frame, schema)
    zeros = [identities(table.frame.assign(width=zero), schema).tolist() for zero in (0.0, -0.0)]
    assert zeros[0] == zeros[1]


def test_order_of_rows_and_columns_does_not_matter(table: Table, schema: Schema) -> None:
    turned = table.frame.iloc[::-1, ::-1]
    assert roles_of(turned, schema)[::-1] == roles_of(table.frame, schema)


def test_duplicates_share_a_role_whatever_their_label(table: Table, schema: Schema) -> None:
    relabelled = table.frame.assign(outcome="no")
    assert roles_of(relabelled, schema) == roles_of(table.frame, schema)


def test_a_group_shares_a_role_and_a_fold(table: Table) -> None:
    patient = np.arange(len(table.frame)) // 4
    grouped = Table("toy", "", table.frame.assign(patient=patient), "outcome", table.classes)
    schema = describe(grouped, group="patient")
    assert "patient" not in schema.features
    identity = identities(grouped.frame, schema)
    role = pd.Series(assign_roles(identity, SPLIT))
    assert role.groupby(patient).unique().map(len).eq(1).all()
    assert set(role) == {"train", "val", "test"}
    fold = pd.Series(assign_folds(grouped.frame.outcome.to_numpy(str), identity, SPLIT))
    assert fold.groupby(patient).unique().map(len).eq(1).all()
    assert sorted(fold.unique()) == [0, 1, 2, 3, 4]


def test_equal_rows_share_a_fold(table: Table, schema: Schema) -> None:
    frame = pd.concat([table.frame] * 2, ignore_index=True)
    fold = assign_folds(frame.outcome.to_numpy(str), identities(frame, schema), SPLIT)
    assert (fold[: len(table.frame)] == fold[len(table.frame) :]).all()


def test_shares_are_met_on_average() -> None:
    identity = np.array([f"{number:032x}" for number in range(20_000)])
    shares = pd.Series(assign_roles(identity, SPLIT)).value_counts(normalize=True)
    # Four standard errors of a share of 0.7 among 20,000.
    assert shares["train"] == pytest.approx(0.70, abs=0.013)
    assert shares["val"] == pytest.approx(0.15, abs=0.011)
    assert shares["test"] == pytest.approx(0.15, abs=0.011)


def test_another_seed_deals_other_roles(table: Table, schema: Schema) -> None:
    identity = identities(table.frame, schema)
    other = assign_roles(identity, SPLIT.model_copy(update={"seed": 43}))
    assert (other != assign_roles(identity, SPLIT)).mean() > 0.2


def test_folds_are_stratified(table: Table, schema: Schema) -> None:
    labels = table.frame.outcome.to_numpy(str)
    fold = assign_folds(labels, identities(table.frame, schema), SPLIT)
    counts = pd.crosstab(labels, fold)
    assert (counts.max(axis=1) - counts.min(axis=1) <= 1).all()


MANY = np.array([f"row {n}" for n in range(2000)])


def test_roles_that_the_source_gives_are_kept() -> None:
    given = pd.Series(np.resize(["train", " Test", "VAL", "train"], 2000))
    expected = np.resize(["train", "test", "val", "train"], 2000)
    assert given_roles(given, MANY, SPLIT).tolist() == expected.tolist()


def test_val_is_drawn_from_train_where_the_source_gives_none() -> None:
    given = pd.Series(np.resize(["train", "train", "train", "test"], 2000))
    role = given_roles(given, MANY, SPLIT)
    assert (role[3::4] == "test").all()
    others = role[given != "test"]
    assert set(others) == {"train", "val"}
    wanted = SPLIT.val / (SPLIT.train + SPLIT.val)
    assert (others == "val").mean() == pytest.approx(wanted, abs=0.04)


@pytest.mark.parametrize("odd", ["validation", None])
def test_a_role_that_is_none_is_named(odd: str | None) -> None:
    given = pd.Series(np.resize(np.array(["train", "test", odd], object), 2000), name="part")
    with pytest.raises(InputError, match=f"column 'part', which holds '{odd or ''}', want train"):
        given_roles(given, MANY, SPLIT)


def test_fewer_rows_are_drawn_by_their_identities_and_test_stays_whole() -> None:
    role = np.resize(["train", "val", "test", "train"], 2000)

    def chosen(rows: int | None, step: int = 1) -> set[str]:
        split, order = SPLIT.model_copy(update={"rows": rows}), np.arange(2000)[::step]
        return set(MANY[order][chosen_rows(role[order], MANY[order], split)])

    test = set(MANY[role == "test"])
    few, more = chosen(300), chosen(900)
    assert test < few < more < chosen(None)
    assert (len(few), len(more), len(chosen(None))) == (300 + len(test), 900 + len(test), 2000)
    assert chosen(300, step=-1) == few
    # Drawn, and not the first.
    assert few - test != set(MANY[role != "test"][:300])


def test_what_decides_roles_is_compared_in_words(schema: Schema) -> None:
    then = role_basis(schema, SPLIT)
    assert changed_basis(then, then) == []
    other = role_basis(schema, SPLIT.model_copy(update={"seed": SPLIT.seed + 1}))
    assert changed_basis(other, then) == [f"split.seed is {SPLIT.seed + 1}, was {SPLIT.seed}"]
    fewer = schema.model_copy(
        update={"columns": tuple(c for c in schema.columns if c.name != schema.numeric[0])}
    )
    assert changed_basis(role_basis(fewer, SPLIT), then) == ["numeric columns"]
    # Members of a group go by its name alone.
    grouped = [each.model_copy(update={"group": "patient"}) for each in (schema, fewer)]
    assert role_basis(grouped[0], SPLIT) == role_basis(grouped[1], SPLIT)


def test_a_fold_without_a_class_is_an_error(schema: Schema) -> None:
    counts = [{"no": 5, "yes": 2}, {"no": 7, "yes": 0}]
    with pytest.raises(InputError, match=r"fold 1 has no row of class 'yes'.* Rows are few"):
        check_folds(counts, schema)
    grouped = schema.model_copy(update={"group": "patient"})
    with pytest.raises(InputError, match=r"Groups \(patient\) cannot be cut"):
        check_folds(counts, grouped)
    check_folds(counts[:1], schema)


@pytest.mark.parametrize("different", [1, 2, SPLIT.folds - 1])
def test_fewer_different_rows_than_folds_is_an_error(different: int) -> None:
    identity = np.resize([f"row {n}" for n in range(different)], 300)
    labels = np.resize(["no", "yes", "yes"], 300)
    with pytest.raises(InputError, match=f"{different} different rows or groups for"):
        assign_folds(labels, identity, SPLIT)


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ({"train": (50, 9), "val": (9, 0), "test": (9, 3)}, "val has no row of class 'yes'"),
        ({"train": (50, 9), "val": (9, 2), "test": (0, 3)}, "test has no row of class 'no'"),
        ({"train": (50, 4), "val": (9, 2), "test": (9, 3)}, "train has 4 rows of class 'yes'"),
    ],
)
def test_a_role_without_a_class_is_an_error(counts: dict, message: str) -> None:
    named = {role: dict(zip(("no", "yes"), pair, strict=True)) for role, pair in counts.items()}
    with pytest.raises(InputError, match=message):
        check_roles(named, SPLIT)
