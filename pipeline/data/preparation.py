"""Turn raw columns into one matrix, with statistics learned from the fitting rows alone."""

from __future__ import annotations

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

from pipeline.config.sections.data import CategoryParams, Scale
from pipeline.data.rows import DATE_PARTS, part_name, plain_rows
from pipeline.data.rows.matrix import MISSING
from pipeline.data.schema import Schema

# From this share of gaps on, a feature of its own says where a number is missing.
INDICATED_SHARE = 0.05
# The largest grey value of an image.
BRIGHTEST = 255.0
BLOCK_CELLS = 2**22


class Preparation:
    """Steps from raw rows, their columns in any order, to a float32 matrix.

    Numbers: gaps take the median (of images, 0), then the wanted scaling, by which a column that is
    the same in all fitting rows is 0 in every row; where gaps are common, a column says where they
    are. Booleans: 0 and 1, gaps take the more frequent. Dates: days, month,
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
        for name in ("number", "date"):
            if name in self.steps.named_transformers_:
                _silence_constants(self.steps.named_transformers_[name]["scale"])
        return self

    def transform(self, rows: pd.DataFrame) -> npt.NDArray[np.float32]:
        """Return the (row, column) matrix of these rows."""
        # In blocks, because the steps make copies.
        assert self.steps is not None
        width = len(self.steps.get_feature_names_out())
        x = np.empty((len(rows), width), np.float32)
        step = max(1, BLOCK_CELLS // max(1, len(self.columns), width))
        for start in range(0, len(rows), step):
            block = rows.iloc[start : start + step]
            x[start : start + step] = self.steps.transform(plain_rows(block, self.columns))
        return x

    def _new_steps(self, plain: pd.DataFrame) -> ColumnTransformer:
        """Return unfitted steps for the columns that the fitting rows have."""
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
                (
                    "gaps",
                    SimpleImputer(
                        strategy="constant",
                        fill_value=MISSING,
                        keep_empty_features=True,
                    ),
                ),
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
        """Return the columns of plain rows that are used, by kind."""
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


def _silence_constants(scaler: object) -> None:
    """Make a scaler give 0 for a column in which all fitting rows are the same, whatever comes.

    scikit-learn leaves such a column in its own units, and the first row that differs may be
    millions of days off from what the network has seen.
    """
    if isinstance(scaler, MinMaxScaler):
        constant = (scaler.scale_ == 1) & (scaler.data_range_ != 1)
        scaler.scale_[constant] = scaler.min_[constant] = 0.0
    elif isinstance(scaler, StandardScaler):
        # Not infinity: JSON, in which the steps are served, has none.
        scaler.scale_[(scaler.scale_ == 1) & (scaler.var_ != 1)] = np.finfo(np.float32).max


def _fixed_scaler(columns: int) -> FrozenEstimator:
    """Return a scaler that divides by the brightest grey value, whatever it is fitted on."""
    ends = np.array([[0.0], [BRIGHTEST]], np.float32).repeat(max(columns, 1), axis=1)
    return FrozenEstimator(MinMaxScaler().fit(ends))
