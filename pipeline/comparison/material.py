"""The arrays that the experiments of a comparison train and test on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer

from pipeline.config.errors import InputError
from pipeline.config.params import Params
from pipeline.config.sections.published import PublishedRun
from pipeline.data.prepare import Fold, prepare_cv, prepare_final, prepare_together
from pipeline.data.schema import Schema
from pipeline.statistics.conformal import rows_needed


@dataclass(frozen=True, eq=False)
class RawRows:
    """The raw rows of each role."""

    train: pd.DataFrame
    val: pd.DataFrame
    test: pd.DataFrame

    @property
    def frames(self) -> list[pd.DataFrame]:
        """Return the rows role by role, as the roles are listed above."""
        return [self.train, self.val, self.test]

    @property
    def counts(self) -> dict[str, int]:
        """The number of rows of each role."""
        return {role: len(rows) for role, rows in vars(self).items()}


@dataclass(frozen=True, eq=False)
class Material:
    """Holds what the networks are trained on.

    fold: fits on train, stops on val, scores on test. cv: the folds inside train; none for classes
    without validation curves. published: the published run to repeat, and all_rows: the rows of all
    roles, scaled together as it scales them; both None if there is none on this data set.
    """

    classes: int
    fold: Fold
    cv: Sequence[Fold]
    published: PublishedRun | None
    all_rows: Fold | None


def prepare_material(
    rows: RawRows, schema: Schema, params: Params
) -> tuple[Material, ColumnTransformer]:
    """Prepare the rows for every experiment; also return the fitted steps that models need."""
    check_coverage(len(rows.train), schema, params.compare.coverage)
    data, weight = params.data, params.train.class_weight
    setting = (schema, data.scale, data.categories, weight, data.target_transform)
    fold, steps = prepare_final(rows.train, rows.val, rows.test, *setting)
    cv: list[Fold] = []
    if params.compare.curve_points or not schema.classes:
        cv = prepare_cv(rows.train, rows.val, *setting)
    published, all_rows = params.compare.published, None
    # It is of dense layers, which no builder's network is judged by.
    of_layers = params.network.builder is None
    wanted = params.compare.reference_repeats and schema.classes and of_layers
    if published and (published.data != schema.name or not wanted):
        published = None
    if published:
        all_rows = prepare_together(rows.frames, schema, published.scale)
    return Material(len(schema.classes), fold, cv, published, all_rows), steps


def check_coverage(rows: int, schema: Schema, level: float) -> None:
    """Raise `InputError` if so few training rows give no interval of this level."""
    if not schema.classes and rows < rows_needed(level):
        raise InputError(
            f"params.yaml: compare.coverage is {level:g}, which takes {rows_needed(level)} training"
            f" rows, want a level that the {rows} of {schema.name} give. Lower it to"
            f" {int(100 * rows / (rows + 1)) / 100:g}."
        )


def thinned(fold: Fold, rows: int | None, seed: int) -> Fold:
    """Draw at most this many of the rows that fit, and the stop rows in proportion.

    Rows that score all stay. A fold that has no more rows is returned as it is.
    """
    if rows is None or len(fold.fit) <= rows:
        return fold
    rng = np.random.default_rng(seed)
    stop_rows = max(1, round(len(fold.stop) * rows / len(fold.fit)))

    def draw(candidates: np.ndarray, count: int) -> np.ndarray:
        return np.sort(rng.choice(candidates, count, replace=False))

    return replace(fold, fit=draw(fold.fit, rows), stop=draw(fold.stop, stop_rows))
