"""Make the arrays of each fit: which rows train, stop and score, prepared from the fitting rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import OneHotEncoder

from pipeline.config.errors import InputError, did_you_mean
from pipeline.config.sections.data import CategoryParams, Scale, TargetTransform
from pipeline.config.sections.train import ClassWeight
from pipeline.data.preparation import Preparation
from pipeline.data.rows import DATE_PARTS, part_name
from pipeline.data.schema import FOLD_COLUMN, Schema
from pipeline.data.target import TargetScale, actual_values, class_numbers
from pipeline.tasks.arrays import Floats
from pipeline.tasks.metric import Targets


@dataclass(frozen=True, eq=False)
class Fold:
    """The arrays of one fit.

    x: (row, column) float32, prepared by statistics of the fitting rows.
    y: (row,) what the network learns: int32 class numbers, or float32, a number on its scale.
    fit, stop, score: (n,) int32, rows of x that train, that stop the fit, and that score it.
    class_weight: (class,) float32, what a row of each class counts in the training loss; None if
    all count the same.
    units, target: (row,) the target in its own units, and its scale; None for classes.
    """

    x: npt.NDArray[np.float32]
    y: Targets
    fit: npt.NDArray[np.int32]
    stop: npt.NDArray[np.int32]
    score: npt.NDArray[np.int32]
    class_weight: npt.NDArray[np.float32] | None = None
    units: Floats | None = None
    target: TargetScale | None = None

    @property
    def actual(self) -> Targets:
        """Return (row,) what is to be predicted: class numbers, or the target in its units."""
        return self.y if self.units is None else self.units

    def loss_in_units(self, loss: float) -> float | None:
        """Return a squared error of training in the target's units; other losses as they are.

        None where the target is transformed: no factor leads from one to the other.
        """
        if self.target is None:
            return loss
        return loss * self.target.deviation**2 if self.target.transform == "none" else None

    def in_units(self, outputs: npt.ArrayLike) -> Any:
        """Return outputs (…, row, output) of networks in the units of `actual`; logits as are."""
        return outputs if self.target is None else self.target.to_units(outputs)


def class_weights(
    wanted: ClassWeight, y: npt.NDArray[np.int32], schema: Schema
) -> npt.NDArray[np.float32] | None:
    """Return the (class,) weights, or None; raise `InputError` if one is for an unknown class.

    balanced: rows / (classes x rows of the class), counted in the fitting rows y, so that each
    class counts the same in all (King and Zeng 2001). A class without a weight weighs 1.
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


def check_no_weights(wanted: ClassWeight, schema: Schema) -> None:
    """Raise `InputError` if classes are weighted where a number is predicted."""
    if wanted != "none":
        shown = wanted if isinstance(wanted, str) else "a mapping"
        raise InputError(
            f"params.yaml: train.class_weight is {shown}, but the target {schema.target!r} is a"
            " number and has no classes, want none. Set it to none."
        )


def check_transform(wanted: TargetTransform, actual: Targets, schema: Schema) -> None:
    """Raise `InputError` if the target has values that have no logarithm."""
    if wanted == "log1p" and actual.min() < 0:
        raise InputError(
            f"params.yaml: data.target_transform is log1p, but the target {schema.target!r} falls"
            f" to"
            f" {actual.min():g}, want no value below 0. Set it to none."
        )


def prepare_cv(
    train: pd.DataFrame,
    val: pd.DataFrame,
    schema: Schema,
    scale: Scale,
    categories: CategoryParams | None = None,
    class_weight: ClassWeight = "none",
    target_transform: TargetTransform = "none",
) -> list[Fold]:
    """Return a fold per fold number: it fits on the others, stops on val and scores on its own.

    All matrices are as wide as the widest: zeros pad those of folds that lack a rare level. Folds
    with equal matrices, as when nothing is learned, share one.
    """
    number = train[FOLD_COLUMN].to_numpy()
    folds: list[Fold] = []
    for k in np.unique(number):
        fold, _ = _prepare(
            train, val, train[:0], number != k, schema, scale, categories, class_weight,
            target_transform,
        )  # fmt: skip
        if folds and np.array_equal(fold.x, folds[0].x):
            # Each fold has a scale of its own for a numeric target.
            fold = replace(fold, x=folds[0].x, y=folds[0].y if fold.target is None else fold.y)
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
    target_transform: TargetTransform = "none",
) -> tuple[Fold, ColumnTransformer]:
    """Return arrays that fit on train, stop on val and score on test, and the fitted steps.

    The steps take what `plain_rows` makes of raw rows.
    """
    every = np.ones(len(train), bool)
    return _prepare(
        train, val, test, every, schema, scale, categories, class_weight, target_transform
    )


def prepared_columns(steps: ColumnTransformer, schema: Schema) -> dict[str, list[int]]:
    """Return the columns of the prepared matrix that each raw column becomes, by fitted steps.

    A column that the preparation leaves out is not in the result.
    """
    owners = {column.name: column.name for column in schema.columns}
    for name in schema.names_of("date"):
        owners |= {part_name(name, part): name for part in DATE_PARTS}
    places: dict[str, list[int]] = {}
    for name, _, plain in steps.transformers_:
        if name == "remainder":
            continue
        category = name == "category"
        widths = (
            _level_counts(steps.named_transformers_[name][-1]) if category else [1] * len(plain)
        )
        starts = np.cumsum([steps.output_indices_[name].start, *widths])
        for column, start, width in zip(plain, starts[:-1], widths, strict=True):
            places.setdefault(owners[column], []).extend(range(int(start), int(start) + width))
    return places


def prepare_together(frames: Sequence[pd.DataFrame], schema: Schema, scale: Scale) -> Fold:
    """Return all rows, prepared by statistics of all of them; none of them has a role."""
    rows = pd.concat(frames, ignore_index=True)
    features = rows[schema.features]
    preparation = Preparation(schema, scale, CategoryParams()).fit(features)
    none = np.empty(0, np.int32)
    return Fold(preparation.transform(features), class_numbers(rows, schema), none, none, none)


def _level_counts(levels: OneHotEncoder) -> list[int]:
    """Return how many columns each category becomes: its frequent levels, and one for the rest."""
    return [
        len(kept) - (0 if rare is None else len(rare) - 1)
        for kept, rare in zip(levels.categories_, levels.infrequent_categories_, strict=True)
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
    target_transform: TargetTransform,
) -> tuple[Fold, Any]:
    """Return a fold: rows of train that `fits` marks fit, the others and the rows of test score."""
    preparation = Preparation(schema, scale, categories or CategoryParams())
    preparation.fit(train.loc[fits, schema.features])
    rows = pd.concat([train, val, test], ignore_index=True)
    in_train, in_val = len(train), len(train) + len(val)
    position = np.arange(len(rows), dtype=np.int32)
    scores = np.concatenate([position[:in_train][~fits], position[in_val:]])
    actual = actual_values(rows, schema)
    fold = Fold(
        x=preparation.transform(rows[schema.features]),
        y=actual,
        fit=position[:in_train][fits],
        stop=position[in_train:in_val],
        score=scores,
    )
    if schema.classes:
        weights = class_weights(class_weight, actual[:in_train][fits], schema)
        return replace(fold, class_weight=weights), preparation.steps
    check_no_weights(class_weight, schema)
    check_transform(target_transform, actual, schema)
    target = TargetScale.fit(actual[:in_train][fits], target_transform)
    y = target.to_network(actual)
    return replace(fold, y=y, units=actual, target=target), preparation.steps


def _equally_wide(folds: Sequence[Fold]) -> list[Fold]:
    width = max(fold.x.shape[1] for fold in folds)
    return [
        fold
        if fold.x.shape[1] == width
        else replace(fold, x=np.pad(fold.x, ((0, 0), (0, width - fold.x.shape[1]))))
        for fold in folds
    ]
