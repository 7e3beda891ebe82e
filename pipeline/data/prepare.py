"""From raw columns to arrays, with statistics learned from the fitting rows alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.frozen import FrozenEstimator
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    OneHotEncoder,
    StandardScaler,
)

from pipeline.config.errors import InputError, did_you_mean
from pipeline.config.sections.data import CategoryParams, Scale
from pipeline.config.sections.train import ClassWeight
from pipeline.data.rows import DATE_PARTS, part_name, plain_rows
from pipeline.data.schema import FOLD_COLUMN, Schema

MISSING_CATEGORY = "(missing)"
# From this share of gaps on, that a number is missing is a feature of its own.
INDICATED_SHARE = 0.05
# Of an image's grey values.
BRIGHTEST = 255.0
BLOCK_CELLS = 2**22


@dataclass(frozen=True, eq=False)
class Fold:
    """Arrays of one fit.

    x: (row, column) float32, prepared by statistics of the fitting rows.
    y: (row,) int32, class numbers.
    fit, stop, score: (n,) int32, rows of x that train, that stop the fit, and that score it.
    class_weight: (class,) float32, what a row of each class counts in the training loss; None if
    all count the same.
    """

    x: npt.NDArray[np.float32]
    y: npt.NDArray[np.int32]
    fit: npt.NDArray[np.int32]
    stop: npt.NDArray[np.int32]
    score: npt.NDArray[np.int32]
    class_weight: npt.NDArray[np.float32] | None = None


class Preparation:
    """Steps from raw rows, their columns in any order, to a float32 matrix.

    Numbers: gaps take the median (of images, 0), then the wanted scaling; where gaps are common, a
    column says where they are. Booleans: 0 and 1, gaps take the more frequent. Dates: days, month,
    weekday and hour, each scaled. Categories: one column per frequent level of the fitting rows
    and one for the others; a gap is a level of its own, and an unseen level is one of the others
    or, where there are none, all zeros.
    """

    def __init__(self, schema: Schema, scale: Scale, categories: CategoryParams) -> None:
        self.schema, self.scale, self.categories = schema, scale, categories
        self.columns = [column.model_dump() for column in schema.columns]
        self.steps: ColumnTransformer | None = None

    def fit(self, rows: pd.DataFrame) -> Preparation:
        """Learn from these rows."""
        plain = plain_rows(rows, self.columns)
        self.steps = self._new_steps(plain).fit(plain)
        return self

    def transform(self, rows: pd.DataFrame) -> npt.NDArray[np.float32]:
        """(row, column); in blocks, for the steps make copies."""
        assert self.steps is not None
        width = len(self.steps.get_feature_names_out())
        x = np.empty((len(rows), width), np.float32)
        step = max(1, BLOCK_CELLS // max(1, len(self.columns), width))
        for start in range(0, len(rows), step):
            block = rows.iloc[start : start + step]
            x[start : start + step] = self.steps.transform(plain_rows(block, self.columns))
        return x

    def _new_steps(self, plain: pd.DataFrame) -> ColumnTransformer:
        """Unfitted steps for what there is in the fitting rows."""
        names = self._names()
        scaler = {
            "minmax": MinMaxScaler(),
            "standard": StandardScaler(),
            "image": _fixed_scaler(len(names["numeric"])),
            "none": FunctionTransformer(feature_names_out="one-to-one"),
        }[self.scale]
        gaps = (
            SimpleImputer(strategy="constant", fill_value=0.0, keep_empty_features=True)
            if self.scale == "image"
            else SimpleImputer(strategy="median", keep_empty_features=True)
        )
        number = Pipeline([("gaps", gaps), ("scale", scaler)])
        boolean = SimpleImputer(strategy="most_frequent", keep_empty_features=True)
        date = Pipeline(
            [
                ("gaps", SimpleImputer(strategy="median", keep_empty_features=True)),
                ("scale", StandardScaler() if self.scale == "standard" else MinMaxScaler()),
            ]
        )
        levels = OneHotEncoder(
            handle_unknown="infrequent_if_exist",
            min_frequency=self.categories.rare or None,
            max_categories=self.categories.most,
            sparse_output=False,
            dtype=np.float32,
        )
        category = Pipeline(
            [
                ("gaps", SimpleImputer(strategy="constant", fill_value=MISSING_CATEGORY)),
                ("levels", levels),
            ]
        )
        steps = {
            "number": (number, names["numeric"]),
            "boolean": (boolean, names["boolean"]),
            "date": (date, names["date"]),
            "gap": (MissingIndicator(features="all"), self._indicated(plain, names)),
            "category": (category, names["category"]),
        }
        return ColumnTransformer(
            [(name, step, columns) for name, (step, columns) in steps.items() if columns],
            verbose_feature_names_out=False,
        )

    def _names(self) -> dict[str, list[str]]:
        """Columns of plain rows that are used, by kind."""
        names: dict[str, list[str]] = {"numeric": [], "boolean": [], "date": [], "category": []}
        for column in self.schema.columns:
            # An image is a whole: its black corners count.
            if column.ignored == "empty" or (column.ignored and self.scale != "image"):
                continue
            parts = [part_name(column.name, part) for part in DATE_PARTS]
            names[column.kind] += parts if column.kind == "date" else [column.name]
        return names

    def _indicated(self, plain: pd.DataFrame, names: dict[str, list[str]]) -> list[str]:
        if self.scale == "image":
            return []
        days = names["date"][:: len(DATE_PARTS)]
        candidates = [*names["numeric"], *names["boolean"], *days]
        share = plain[candidates].isna().mean()
        return [name for name in candidates if share[name] >= INDICATED_SHARE]


def _fixed_scaler(columns: int) -> FrozenEstimator:
    """Divides by the brightest grey value, whatever it is fitted on."""
    ends = np.array([[0.0], [BRIGHTEST]], np.float32).repeat(max(columns, 1), axis=1)
    return FrozenEstimator(MinMaxScaler().fit(ends))


def class_numbers(frame: pd.DataFrame, schema: Schema) -> npt.NDArray[np.int32]:
    """(row,) int32 class numbers of the target column."""
    number = {label: code for code, label in enumerate(schema.classes)}
    return np.asarray(frame[schema.target].astype(str).map(number), np.int32)


def class_weights(
    wanted: ClassWeight, y: npt.NDArray[np.int32], schema: Schema
) -> npt.NDArray[np.float32] | None:
    """(class,) weights, or None for none; `InputError` if they are of classes that are not there.

    balanced: rows / (classes x rows of the class), counted in the fitting rows y, so that each
    class counts the same in all (King and Zeng 2001). Of a mapping, what it does not name is 1.
    """
    if wanted == "none":
        return None
    if wanted == "balanced":
        counts = np.bincount(y, minlength=len(schema.classes))
        return np.asarray(len(y) / (len(counts) * counts), np.float32)
    for name in wanted:
        if name not in schema.classes:
            hint = did_you_mean(name, schema.classes) or " Change it to one of them."
            raise InputError(
                f"params.yaml: train.class_weight names {name!r}, want classes of {schema.name}"
                f" ({', '.join(schema.classes)}).{hint}"
            )
    return np.array([wanted.get(name, 1.0) for name in schema.classes], np.float32)


def prepare_cv(
    train: pd.DataFrame,
    val: pd.DataFrame,
    schema: Schema,
    scale: Scale,
    categories: CategoryParams | None = None,
    class_weight: ClassWeight = "none",
) -> list[Fold]:
    """One fold per fold number: fits on the other folds of train, stops on val, scores on its own.

    All matrices have the width of the widest: zeros fill up those of folds that lack a rare level.
    Folds whose matrices come out equal, as when nothing is learned, share one.
    """
    number = train[FOLD_COLUMN].to_numpy()
    folds: list[Fold] = []
    for k in np.unique(number):
        fold, _ = _prepare(
            train, val, train[:0], number != k, schema, scale, categories, class_weight
        )
        if folds and np.array_equal(fold.x, folds[0].x):
            fold = replace(fold, x=folds[0].x, y=folds[0].y)
        folds.append(fold)
    return _equally_wide(folds)


def prepare_final(
    train: pd.DataFrame,
    val: pd.DataFrame,
    test: pd.DataFrame,
    schema: Schema,
    scale: Scale,
    categories: CategoryParams | None = None,
    class_weight: ClassWeight = "none",
) -> tuple[Fold, ColumnTransformer]:
    """Arrays that fit on train, stop on val and score on test, and the fitted steps.

    The steps take what `raw.plain_rows` makes of raw rows.
    """
    every = np.ones(len(train), bool)
    return _prepare(train, val, test, every, schema, scale, categories, class_weight)


def prepared_columns(steps: ColumnTransformer, schema: Schema) -> dict[str, list[int]]:
    """Columns of the prepared matrix that each raw column turns into, by fitted steps.

    A column that the preparation leaves out has none, and is not in the result.
    """
    owners = {column.name: column.name for column in schema.columns}
    for name in schema.of_kind("date"):
        owners |= {part_name(name, part): name for part in DATE_PARTS}
    found: dict[str, list[int]] = {}
    for name, _, plain in steps.transformers_:
        if name == "remainder":
            continue
        category = name == "category"
        widths = (
            _level_counts(steps.named_transformers_[name][-1]) if category else [1] * len(plain)
        )
        starts = np.cumsum([steps.output_indices_[name].start, *widths])
        for column, start, width in zip(plain, starts[:-1], widths, strict=True):
            found.setdefault(owners[column], []).extend(range(int(start), int(start) + width))
    return found


def prepare_together(frames: Sequence[pd.DataFrame], schema: Schema, scale: Scale) -> Fold:
    """All rows, prepared by statistics of all of them, and none of them with a role."""
    rows = pd.concat(frames, ignore_index=True)
    features = rows[schema.features]
    preparation = Preparation(schema, scale, CategoryParams()).fit(features)
    none = np.empty(0, np.int32)
    return Fold(preparation.transform(features), class_numbers(rows, schema), none, none, none)


def _level_counts(levels: OneHotEncoder) -> list[int]:
    """Columns that each category turns into: its frequent levels, and one for the others."""
    return [
        len(of_column) - (0 if rare is None else len(rare) - 1)
        for of_column, rare in zip(levels.categories_, levels.infrequent_categories_, strict=True)
    ]


def _prepare(
    train: pd.DataFrame,
    val: pd.DataFrame,
    test: pd.DataFrame,
    fits: npt.NDArray[np.bool_],
    schema: Schema,
    scale: Scale,
    categories: CategoryParams | None,
    class_weight: ClassWeight,
) -> tuple[Fold, Any]:
    """Rows of train that fit, train; its others score, and so do the rows of test."""
    preparation = Preparation(schema, scale, categories or CategoryParams())
    preparation.fit(train.loc[fits, schema.features])
    rows = pd.concat([train, val, test], ignore_index=True)
    in_train, in_val = len(train), len(train) + len(val)
    position = np.arange(len(rows), dtype=np.int32)
    scores = np.concatenate([position[:in_train][~fits], position[in_val:]])
    y = class_numbers(rows, schema)
    fold = Fold(
        x=preparation.transform(rows[schema.features]),
        y=y,
        fit=position[:in_train][fits],
        stop=position[in_train:in_val],
        score=scores,
        class_weight=class_weights(class_weight, y[:in_train][fits], schema),
    )
    return fold, preparation.steps


def _equally_wide(folds: Sequence[Fold]) -> list[Fold]:
    width = max(fold.x.shape[1] for fold in folds)
    return [
        fold
        if fold.x.shape[1] == width
        else replace(fold, x=np.pad(fold.x, ((0, 0), (0, width - fold.x.shape[1]))))
        for fold in folds
    ]
