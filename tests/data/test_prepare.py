from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.utils.class_weight import compute_class_weight

from pipeline.config.errors import InputError
from pipeline.config.sections.data import CategoryParams
from pipeline.data.description import describe
from pipeline.data.portable import portable_steps
from pipeline.data.prepare import Preparation, prepare_cv, prepare_final
from pipeline.data.rows import plain_rows, prepared_matrix
from pipeline.data.schema import FOLD_COLUMN, Schema
from pipeline.data.table import Table

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


def test_classes_are_balanced_by_the_fitting_rows_alone(table: Table, schema: Schema) -> None:
    train, val, _ = roles(table)
    folds = prepare_cv(train, val, schema, "minmax", class_weight="balanced")
    for fold in folds:
        y = fold.y[fold.fit]
        assert fold.class_weight is not None
        assert fold.class_weight == pytest.approx(
            compute_class_weight("balanced", classes=np.array([0, 1]), y=y)
        )
        # Each class counts the same in all, and all rows together as much as before.
        counted = np.bincount(y, weights=fold.class_weight[y])
        assert counted == pytest.approx([len(y) / 2] * 2)
    assert len({fold.class_weight.tobytes() for fold in folds if fold.class_weight is not None}) > 1


def test_given_weights_are_of_the_classes_by_name(table: Table, schema: Schema) -> None:
    train, val, _ = roles(table)
    (fold, *_) = prepare_cv(train, val, schema, "minmax", class_weight={"yes": 3.0})
    assert fold.class_weight is not None
    assert fold.class_weight.tolist() == [1, 3]
    assert prepare_cv(train, val, schema, "minmax")[0].class_weight is None
    with pytest.raises(InputError, match=r"names 'Yes', want classes of toy \(no, yes\)\. Did you"):
        prepare_cv(train, val, schema, "minmax", class_weight={"Yes": 3.0})


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


def mixed(rows: int = 200) -> Table:
    """Every kind of column: rare levels, gaps, dates, booleans, one constant and one empty."""
    rng = np.random.default_rng(11)
    y = rng.integers(0, 3, rows)
    frame = pd.DataFrame(
        {
            "size": rng.normal(y, 1.0),
            "often absent": np.where(rng.random(rows) < 0.3, np.nan, y + rng.normal(size=rows)),
            "member": pd.array(rng.choice([True, False, None], rows), dtype="boolean"),
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, rows), "D"),
            "town": rng.choice(["A", "B", *"cdefghij"], rows, p=[0.4, 0.4, *[0.025] * 8]),
            "same": 4,
            "nothing": pd.Series([None] * rows, dtype=object),
            "y": np.array(["1", "2", "7"])[y],
        }
    )
    frame.loc[::9, "since"] = pd.NaT
    frame.loc[::50, "town"] = None
    return Table("mixed", "", frame, "y", ("1", "2", "7"))


def fitted(table: Table, scale: str = "minmax", **categories: float) -> tuple[Preparation, list]:
    schema = describe(table, None)
    made = Preparation(schema, scale, CategoryParams(**categories))  # type: ignore[arg-type]
    made.fit(table.frame[schema.features])
    assert made.steps is not None
    return made, list(made.steps.get_feature_names_out())


def test_every_kind_of_column_becomes_numbers() -> None:
    table = mixed()
    made, names = fitted(table, rare=0.1)
    x = made.transform(table.frame.drop(columns="y"))
    assert x.dtype == np.float32
    assert np.isfinite(x).all()
    assert x.min() >= 0
    assert x.max() <= 1
    assert not [name for name in names if name.startswith(("same", "nothing"))]
    by_name = dict(zip(names, x.T, strict=True))
    assert set(by_name["member"]) == {0, 1}
    for part in ("day", "month", "weekday", "hour"):
        assert f"since ({part})" in names
    # Where gaps are common, and only there, a column tells them.
    gaps = table.frame["often absent"].isna()
    assert by_name["missingindicator_often absent"].tolist() == gaps.tolist()
    assert "missingindicator_size" not in names


def test_rare_unseen_and_missing_levels_have_places() -> None:
    table = mixed()
    made, names = fitted(table, rare=0.1)
    levels = [name for name in names if name.startswith("town_")]
    assert levels == ["town_A", "town_B", "town_infrequent_sklearn"]
    places = [names.index(level) for level in levels]
    rows = pd.concat([table.frame[:1].drop(columns="y")] * 4, ignore_index=True)
    rows["town"] = ["A", "c", "Atlantis", None]
    assert made.transform(rows)[:, places].tolist() == [[1, 0, 0], *[[0, 0, 1]] * 3]
    _, every = fitted(table, rare=0.0)
    assert "town_(missing)" in every
    assert sum(name.startswith("town_") for name in every) == 11
    _, few = fitted(table, rare=0.0, most=4)
    assert sum(name.startswith("town_") for name in few) == 4


def test_folds_that_lack_a_level_are_as_wide_as_the_others() -> None:
    table = mixed()
    frame = table.frame.assign(town=["only here", *["A", "B"] * 99, "A"])
    table = Table("mixed", "", frame, "y", table.classes)
    train = frame[:150].assign(**{FOLD_COLUMN: np.arange(150) % 3})
    folds = prepare_cv(
        train, frame[150:], describe(table, None), "minmax", CategoryParams(rare=0.0)
    )
    assert len({fold.x.shape[1] for fold in folds}) == 1
    assert not folds[0].x[:, -1].any()
    assert folds[1].x[:, -1].any()


@pytest.mark.parametrize("scale", ["minmax", "image"])
def test_frequent_gaps_have_a_column_in_every_kind_that_can_be_without(scale: Any) -> None:
    kinds = {
        "number": np.arange(100.0),
        "date": pd.date_range("2024-01-01", periods=100),
        "boolean": pd.array(np.resize([True, False], 100), dtype="boolean"),
    }
    columns = {
        f"{kind} {gaps}": pd.Series(values).mask(np.arange(100) < gaps)
        for kind, values in kinds.items()
        for gaps in (4, 5)
    }
    table = Table("toy", "", pd.DataFrame(columns).assign(y=["a", "b"] * 50), "y", ("a", "b"))
    made = Preparation(describe(table, None), scale, CategoryParams())
    assert made.fit(table.frame[[*columns]]).steps is not None
    names = [name for name in made.steps.get_feature_names_out() if "indicator" in name]
    expected = [] if scale == "image" else ["number 5", "boolean 5", "date 5 (day)"]
    assert names == [f"missingindicator_{name}" for name in expected]


def test_images_are_scaled_alike_and_held_once() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 200, (60, 6)).astype(np.uint8)
    pixels[:, 0] = 0
    frame = pd.DataFrame(pixels, columns=[f"p{n}" for n in range(6)]).assign(y=["a", "b"] * 30)
    schema = describe(Table("pixels", "", frame, "y", ("a", "b")), None)
    train = frame[:40].assign(**{FOLD_COLUMN: np.arange(40) % 4})
    folds = prepare_cv(train, frame[40:], schema, "image")
    assert all(fold.x is folds[0].x for fold in folds)
    # A corner that is black everywhere keeps its place.
    assert folds[0].x == pytest.approx(pixels / 255, abs=1e-7)
    assert prepare_final(train, frame[40:], frame[:0], schema, "image")[0].x.shape == (60, 6)
    gap = frame[schema.features].astype(float).mask(frame[schema.features] == pixels[0, 1])
    made = Preparation(schema, "image", CategoryParams()).fit(frame[schema.features])
    assert made.transform(gap)[0, 1] == 0


@pytest.mark.parametrize("scale", ["minmax", "standard"])
@pytest.mark.parametrize("usual", [0.1, 50_000.0, None])
def test_what_never_differed_in_fitting_is_nothing(scale: Any, usual: float | None) -> None:
    """A first other value may be far off, in units of its own, and says nothing the fit learned."""
    days = pd.to_datetime(pd.Series(["2024-01-31"] * 30))
    frame = pd.DataFrame({"x": [usual] * 30, "day": days, "z": np.arange(30) % 2}, dtype=object)
    other = frame[:1].assign(x=60_000.0, day=pd.Timestamp("9999-12-31"))
    rows = pd.concat([frame, other], ignore_index=True).infer_objects()
    table = Table("toy", "", rows.assign(y=np.resize(["a", "b"], 31)), "y", ("a", "b"))
    made = Preparation(describe(table, None), scale, CategoryParams()).fit(rows[:30])
    assert made.steps is not None
    x = made.transform(rows)
    assert list(made.steps.get_feature_names_out())[:2] == ["x", "z"]
    assert np.abs(x[:, [0, 2, 3, 4, 5]]).max() < 1e-20
    assert len(np.unique(x[:, 1])) == 2
    # As the served model computes it.
    steps = json.loads(json.dumps(portable_steps(made.steps), allow_nan=False))
    assert prepared_matrix(plain_rows(rows, made.columns), steps).tobytes() == x.tobytes()


KINDS: dict[str, list[Any]] = {
    "number": [1.5, 2.5, -3.0],
    "whole": [1, 2, 3],
    "boolean": [True, False, True],
    "date": ["2024-01-31", "2023-05-01", "2022-12-31"],
    "text": ["red", "green", "blue"],
}


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_a_column_may_be_empty_in_a_fold(
    kind: str, beside: bool, grouped: bool, scale: Any
) -> None:
    """Filled in three rows of one fold alone, with and without other columns and groups."""
    rows = 60
    values = pd.Series([*KINDS[kind], *[None] * (rows - 3)], dtype=object)
    if kind == "date":
        values = pd.to_datetime(values)
    elif kind == "boolean":
        values = values.astype("boolean")
    elif kind != "text":
        values = values.astype(float)
    frame = pd.DataFrame({"x": values, "y": np.resize(["a", "b"], rows)})
    if beside:
        frame["z"] = np.arange(rows) % 7
    if grouped:
        frame["g"] = np.arange(rows) // 3
    schema = describe(Table("toy", "", frame, "y", ("a", "b")), "g" if grouped else None)
    train = frame[:45].assign(**{FOLD_COLUMN: np.arange(45) // 3 % 3})
    val, test = frame[45:52], frame[52:]
    folds = prepare_cv(train, val, schema, scale)
    for fold in [*folds, prepare_final(train, val, test, schema, scale)[0]]:
        assert fold.x.shape[1] >= 1 + beside
        assert np.isfinite(fold.x).all()
    assert len({fold.x.shape for fold in folds}) == 1
