"""Write the fitted steps of a preparation as plain values, which are read without scikit-learn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler


def portable_steps(steps: ColumnTransformer) -> list[dict[str, Any]]:
    """Return what `pipeline.data.rows.matrix.prepared_matrix` needs to do as these fitted steps.

    The values are those of JSON.
    """
    return [
        {"columns": list(columns), **_block(name, step)}
        for name, step, columns in steps.transformers_
        if name != "remainder"
    ]


def _block(name: str, step: Any) -> dict[str, Any]:
    if name == "gap":
        return {"kind": "gaps"}
    if name == "category":
        return {"kind": "levels", **_levels(step[-1])}
    imputer, scaler = (step[0], step[-1]) if isinstance(step, Pipeline) else (step, None)
    operations = [
        {"name": operation, "values": values.tolist(), "dtype": dtype}
        for operation, values, dtype in _operations(scaler)
    ]
    return {
        "kind": "numbers",
        "fill": imputer.statistics_.astype(float).tolist(),
        "operations": operations,
    }


def _operations(scaler: Any) -> Iterator[tuple[str, np.ndarray, str | None]]:
    """Yield a scaler's operations in order, with their values' type; None: that of the rows."""
    if isinstance(scaler, FrozenEstimator):
        scaler = scaler.estimator
    if isinstance(scaler, MinMaxScaler):
        yield "multiply", scaler.scale_, str(scaler.scale_.dtype)
        yield "add", scaler.min_, str(scaler.min_.dtype)
    elif isinstance(scaler, StandardScaler):
        yield "subtract", scaler.mean_, None
        yield "divide", scaler.scale_, None


def _levels(encoder: OneHotEncoder) -> dict[str, Any]:
    """Return the levels that have a column of their own, and whether the others have one."""
    rare = [set() if levels is None else {*levels} for levels in encoder.infrequent_categories_]
    return {
        "levels": [
            [level for level in levels if level not in rest]
            for levels, rest in zip(encoder.categories_, rare, strict=True)
        ],
        "rest": [bool(rest) for rest in rare],
    }
