"""Turn the target into class numbers, or a number as the network learns it, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.config.sections.data import TargetTransform
from pipeline.data.schema import Schema
from pipeline.tasks.arrays import Floats
from pipeline.tasks.metric import Targets

# The exponential of more has no double-precision number.
LARGEST_EXPONENT = 700.0
# A prediction may round to -1, where the logarithm ends.
TINY = 1e-12
# Rows that each stratum of a numeric target is to have at least, and the most strata there are.
STRATUM_ROWS, MOST_STRATA = 30, 10


@dataclass(frozen=True)
class TargetScale:
    """Says how a number becomes what the network learns: its logarithm if wanted, standardized.

    mean, deviation: learned from the fitting rows alone, after the logarithm of 1 + the target.
    """

    transform: TargetTransform
    mean: float
    deviation: float

    @classmethod
    def fit(cls, values: Floats, transform: TargetTransform) -> TargetScale:
        """Learn the scale from the target of the fitting rows."""
        bent = cls(transform, 0.0, 1.0).bend(values)
        # A target that is the same in all fitting rows stays as it is, less its mean.
        return cls(transform, float(bent.mean()), float(bent.std()) or 1.0)

    def to_network(self, values: Floats) -> npt.NDArray[np.float32]:
        """Return targets as the network learns them."""
        return np.asarray((self.bend(values) - self.mean) / self.deviation, np.float32)

    def to_units(self, outputs: npt.ArrayLike) -> Floats:
        """Return outputs of the network as predictions in the target's units."""
        return self.straighten(np.asarray(outputs, np.float64) * self.deviation + self.mean)

    def bend(self, values: npt.ArrayLike) -> Floats:
        """Return the transformation of numbers in the target's units."""
        numbers = np.asarray(values, np.float64)
        return np.log1p(np.maximum(numbers, -1 + TINY)) if self.transform == "log1p" else numbers

    def straighten(self, bent: Floats) -> Floats:
        """Undo the transformation."""
        if self.transform == "log1p":
            return np.asarray(np.expm1(np.minimum(bent, LARGEST_EXPONENT)))
        return bent


def class_numbers(frame: pd.DataFrame, schema: Schema) -> npt.NDArray[np.int32]:
    """Return the (row,) int32 class numbers of the target column."""
    number = {label: code for code, label in enumerate(schema.classes)}
    return np.asarray(frame[schema.target].astype(str).map(number), np.int32)


def actual_values(frame: pd.DataFrame, schema: Schema) -> Targets:
    """Return (row,) what is to be predicted: class numbers, or numbers in the target's units."""
    if schema.classes:
        return class_numbers(frame, schema)
    return np.asarray(frame[schema.target], np.float64)


def strata(frame: pd.DataFrame, schema: Schema) -> npt.NDArray[np.str_]:
    """Return (row,) the part of the rows that folds are to have their share of.

    That is the row's class or, for a number, the quantile of the target that it lies in.
    """
    if schema.classes:
        return np.asarray(frame[schema.target].astype(str), np.str_)
    values = actual_values(frame, schema)
    count = int(np.clip(len(values) // STRATUM_ROWS, 1, MOST_STRATA))
    edges = np.unique(np.quantile(values, np.linspace(0, 1, count + 1)[1:-1]))
    names = stratum_names(len(edges) + 1)
    return np.array(names, np.str_)[np.searchsorted(edges, values, side="left")]


def stratum_names(count: int) -> Sequence[str]:
    """Return the names of the parts of a numeric target, from the lowest up."""
    return [f"{number} of {count}" for number in range(1, count + 1)]
