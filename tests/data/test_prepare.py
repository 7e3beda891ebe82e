from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipeline.data.prepare import Preparation, prepare_cv, prepare_final
from pipeline.data.schema import FOLD_COLUMN, Schema
from pipeline.data.table import Table
from pipeline.data_params import CategoryParams

SCALES = ["minmax", "standard", "none"]


def roles(table: Table) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    train = table.frame[:80].assign(**{FOLD_COLUMN: np.arange(80) % 4})
    return train, table.frame[80:100], table.frame[100:]


def wild(frame: pd.DataFrame, row: int) -> pd.DataFrame:
    changed = frame.copy()
    changed.loc[changed.index[row], ["width", "count"]] = [1e9, 10**9]
    changed.loc[changed.index[row], "colour"] = "ultraviolet"
    return changed


@pytest.mark.parametrize("scale", SCALES)
def test_held_out_row_does_not_touch_the_fitting_side(
    table: Table, schema: Schema, scale: str
) -> None:
    train, val, test = roles(table)
    before = prepare_cv(train, val, schema, scale)
    after = prepare_cv(wild(train, 1), wild(val, 0), schema, scale)
    fold = 1  # row 1 of train is held out here, and only here
    # The level that the other folds see adds a column to theirs, and zeros to this one's.
    then, now = (folds[fold].x[folds[fold].fit] for folds in (before, after))
    assert np.array_equal(then, now[:, : then.shape[1]])
    assert not now[:, then.shape[1] :].any()
    assert not np.array_equal(before[0].x[before[0].fit], after[0].x[after[0].fit])

    final, _ = prepare_final(train, val, test, schema, scale)
    changed, _ = prepare_final(train, wild(val, 0), wild(test, 0), schema, scale)
    assert np.array_equal(final.x[final.fit], changed.x[changed.fit])
    assert not np.array_equal(final.x[final.stop], changed.x[changed.stop])
    assert not np.array_equal(final.x[final.score], changed.x[changed.score])


def test_folds_hold_out_each_row_once(table: Table, schema: Schema) -> None:
    train, val, _ = roles(table)
    folds = prepare_cv(train, val, schema, "minmax")
    assert sorted(np.concatenate([fold.score for fold in folds])) == list(range(len(train)))
    for fold in folds:
        parts = [set(fold.fit), set(fold.stop), set(fold.score)]
        assert sum(map(len, parts)) == len(set.union(*parts)) == len(train) + len(val)


def test_fitting_rows_are_scaled_and_gaps_take_their_median(table: Table, schema: Schema) -> None:
    train, val, test = roles(table)
    fold, preparation = prepare_final(train, val, test, schema, "minmax")
    names = list(preparation.get_feature_names_out())
    numbers = fold.x[fold.fit][:, [names.index("width"), names.index("count")]]
    assert numbers.min(0).tolist() == [0, 0]
    assert numbers.max(0).tolist() == [1, 1]
    width = train["width"]
    middle = (width.median() - width.min()) / (width.max() - width.min())
    gaps = fold.x[fold.fit][width.isna().to_numpy(), names.index("width")]
    assert gaps == pytest.approx([middle] * len(gaps), abs=1e-6)


def test_unseen_category_is_no_category(table: Table, schema: Schema) -> None:
    preparation = Preparation(schema, "none", CategoryParams()).fit(table.frame[schema.features])
    row = table.frame[schema.features].head(1).assign(colour="ultraviolet")
    steps = preparation.steps
    assert steps is not None
    names = list(steps.get_feature_names_out())
    levels = [names.index(name) for name in names if name.startswith("colour_")]
    assert preparation.transform(row)[0, levels].tolist() == [0, 0, 0, 0]


def test_columns_count_by_name(table: Table, schema: Schema) -> None:
    preparation = Preparation(schema, "minmax", CategoryParams()).fit(table.frame[schema.features])
    turned = table.frame[schema.features[::-1]]
    straight = preparation.transform(table.frame[schema.features])
    assert np.array_equal(preparation.transform(turned), straight)


def test_folds_share_a_matrix_when_nothing_is_learned(table: Table, schema: Schema) -> None:
    train, val, _ = roles(table)
    complete = [frame.fillna({"width": 0.0, "colour": "red"}) for frame in (train, val)]
    folds = prepare_cv(*complete, schema, "none")
    assert all(fold.x is folds[0].x for fold in folds)
