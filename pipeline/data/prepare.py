"""From raw columns to arrays, with statistics learned from the fitting rows alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    OneHotEncoder,
    StandardScaler,
)

from pipeline.data.schema import FOLD_COLUMN, Schema

Scale = Literal["minmax", "standard", "none"]
MISSING_CATEGORY = "(missing)"


@dataclass(frozen=True, eq=False)
class Fold:
    """Arrays of one fit.

    x: (row, column) float32, prepared by statistics of the fitting rows.
    y: (row,) int32, class numbers.
    fit, stop, score: (n,) int32, rows of x that train, that stop the fit, and that score it.
    """

    x: npt.NDArray[np.float32]
    y: npt.NDArray[np.int32]
    fit: npt.NDArray[np.int32]
    stop: npt.NDArray[np.int32]
    score: npt.NDArray[np.int32]


def new_preparation(schema: Schema, scale: Scale) -> ColumnTransformer:
    """Unfitted steps from raw columns, in any order, to a float32 matrix.

    Numbers: gaps take the median, then the wanted scaling. Categories: one column per level seen
    while fitting; a gap is a level of its own, an unseen level is all zeros.
    """
    scaler = {
        "minmax": MinMaxScaler(),
        "standard": StandardScaler(),
        "none": FunctionTransformer(feature_names_out="one-to-one"),
    }[scale]
    number = Pipeline(
        [
            ("gaps", SimpleImputer(strategy="median", keep_empty_features=True)),
            ("scale", scaler),
        ]
    )
    category = Pipeline(
        [
            ("gaps", SimpleImputer(strategy="constant", fill_value=MISSING_CATEGORY)),
            (
                "levels",
                OneHotEncoder(handle_unknown="ignore", sparse_output=False, dtype=np.float32),
            ),
        ]
    )
    return ColumnTransformer(
        [("number", number, schema.numeric), ("category", category, schema.category)],
        verbose_feature_names_out=False,
    )


def class_numbers(frame: pd.DataFrame, schema: Schema) -> npt.NDArray[np.int32]:
    """(row,) int32 class numbers of the target column."""
    number = {label: code for code, label in enumerate(schema.classes)}
    return np.asarray(frame[schema.target].astype(str).map(number), np.int32)


def prepare_cv(train: pd.DataFrame, val: pd.DataFrame, schema: Schema, scale: Scale) -> list[Fold]:
    """One fold per fold number: fits on the other folds of train, stops on val, scores on its own.

    Folds whose matrices come out equal, as when nothing is learned, share one.
    """
    number = train[FOLD_COLUMN].to_numpy()
    folds: list[Fold] = []
    for k in np.unique(number):
        fold, _ = _prepare(train, val, train[:0], number != k, schema, scale)
        if folds and np.array_equal(fold.x, folds[0].x):
            fold = Fold(folds[0].x, folds[0].y, fold.fit, fold.stop, fold.score)
        folds.append(fold)
    return folds


def prepare_final(
    train: pd.DataFrame, val: pd.DataFrame, test: pd.DataFrame, schema: Schema, scale: Scale
) -> tuple[Fold, ColumnTransformer]:
    """Arrays that fit on train, stop on val and score on test, and the fitted preparation."""
    return _prepare(train, val, test, np.ones(len(train), bool), schema, scale)


def prepared_columns(preparation: ColumnTransformer) -> dict[str, list[int]]:
    """Columns of the prepared matrix that each raw column turns into, of a fitted preparation."""
    found: dict[str, list[int]] = {}
    for name, steps, columns in preparation.transformers_:
        place = preparation.output_indices_[name]
        if len(columns) == 0:
            continue
        levels = getattr(steps[-1], "categories_", None)
        widths = [len(of_column) for of_column in levels] if levels else [1] * len(columns)
        starts = np.cumsum([place.start, *widths])
        for column, start, width in zip(columns, starts, widths, strict=False):
            found[column] = list(range(int(start), int(start) + width))
    return found


def prepare_together(frames: Sequence[pd.DataFrame], schema: Schema, scale: Scale) -> Fold:
    """All rows, prepared by statistics of all of them, and none of them with a role."""
    rows = pd.concat(frames, ignore_index=True)
    x = new_preparation(schema, scale).fit_transform(rows[schema.features])
    none = np.empty(0, np.int32)
    matrix = np.ascontiguousarray(x, dtype=np.float32)
    return Fold(matrix, class_numbers(rows, schema), none, none, none)


def _prepare(
    train: pd.DataFrame,
    val: pd.DataFrame,
    test: pd.DataFrame,
    fits: npt.NDArray[np.bool_],
    schema: Schema,
    scale: Scale,
) -> tuple[Fold, ColumnTransformer]:
    """Rows of train that fit, train; its others score, and so do the rows of test."""
    preparation = new_preparation(schema, scale)
    preparation.fit(train.loc[fits, schema.features])
    rows = pd.concat([train, val, test], ignore_index=True)
    x = np.ascontiguousarray(preparation.transform(rows[schema.features]), dtype=np.float32)
    in_train, in_val = len(train), len(train) + len(val)
    position = np.arange(len(rows), dtype=np.int32)
    scores = np.concatenate([position[:in_train][~fits], position[in_val:]])
    fold = Fold(
        x=x,
        y=class_numbers(rows, schema),
        fit=position[:in_train][fits],
        stop=position[in_train:in_val],
        score=scores,
    )
    return fold, preparation
