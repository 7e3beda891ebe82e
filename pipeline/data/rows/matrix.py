"""Turn plain rows into the matrix that a network reads, by the values that fitted steps learned."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

# The level that stands for a gap.
MISSING = "(missing)"
Step = Mapping[str, Any]


def prepared_matrix(plain: pd.DataFrame, steps: Sequence[Step]) -> npt.NDArray[np.float32]:
    """Return the (row, column) matrix, to the last bit as the steps in scikit-learn compute it.

    plain: what `plain_rows` returns. steps: blocks of columns of the matrix from left to right, as
    `pipeline.data.portable` writes them; each has a kind and the columns of `plain` that it reads.
    """
    blocks = [BLOCKS[step["kind"]](plain[step["columns"]], step) for step in steps]
    return np.concatenate(blocks, axis=1, dtype=np.float32)


def _numbers(block: pd.DataFrame, step: Step) -> np.ndarray:
    """Fill gaps, then apply the operations in their order."""
    given = block.to_numpy()
    x = np.where(np.isnan(given), np.array(step["fill"], given.dtype), given)
    for operation in step["operations"]:
        values = np.array(operation["values"], operation["dtype"] or x.dtype)
        OPERATIONS[operation["name"]](x, values, out=x, casting="same_kind")
    return x


def _gaps(block: pd.DataFrame, step: Step) -> np.ndarray:
    return np.asarray(block.isna())


def _levels(block: pd.DataFrame, step: Step) -> np.ndarray:
    """Return a column of 0 and 1 per level, and one for the other levels where they have one."""
    counts = [len(levels) + rest for levels, rest in zip(step["levels"], step["rest"], strict=True)]
    x = np.zeros((len(block), sum(counts)), np.float32)
    start = 0
    for name, levels, rest, count in zip(
        block.columns, step["levels"], step["rest"], counts, strict=True
    ):
        codes, distinct = pd.factorize(block[name])
        places = {level: place for place, level in enumerate(levels)}
        elsewhere = len(levels) if rest else -1
        # A gap has the code -1, and so the last place.
        place = np.array([places.get(level, elsewhere) for level in [*distinct, MISSING]])[codes]
        rows = np.flatnonzero(place >= 0)
        x[rows, start + place[rows]] = 1.0
        start += count
    return x


OPERATIONS: Mapping[str, Callable[..., Any]] = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
}
BLOCKS: Mapping[str, Callable[[pd.DataFrame, Step], np.ndarray]] = {
    "numbers": _numbers,
    "gaps": _gaps,
    "levels": _levels,
}
