"""Rows of many folds in one place, and index arrays that pick batches out of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from pipeline.data.prepare import Fold
from pipeline.training.program import Table

IntArray = npt.NDArray[np.int32]

# Floats in the widest vector register. Arrays of such many rows have no left-over places at their
# end, where exp, tanh and quotients may round differently; so a member's place does not matter.
ROWS_MULTIPLE = 16


@dataclass(frozen=True)
class Rows:
    """Each distinct matrix once, one below the other, so that one index names a row of any fold.

    first: index of a fold's first row, by the fold's identity.
    """

    table: Table
    first: dict[int, int]

    @classmethod
    def of(cls, folds: Sequence[Fold]) -> Rows:
        """The rows of these folds; folds that share their arrays share their rows."""
        distinct = {(id(fold.x), id(fold.y)): fold for fold in folds}
        starts = np.cumsum([0, *(len(fold.x) for fold in distinct.values())])
        first = dict(zip(distinct, starts.tolist(), strict=False))
        xs = [fold.x for fold in distinct.values()]
        x = xs[0] if len(xs) == 1 else np.concatenate(xs)
        y = np.concatenate([fold.y for fold in distinct.values()])
        return cls(
            Table(tf.constant(x, tf.float32), tf.constant(y, tf.int32)),
            {id(fold): first[id(fold.x), id(fold.y)] for fold in folds},
        )

    @property
    def nbytes(self) -> int:
        """Memory of the matrices."""
        rows, features = self.table.x.shape
        return 4 * int(rows) * (int(features) + 1)

    def place(self, fold: Fold, rows: IntArray) -> IntArray:
        """Indices of a fold's rows."""
        return np.asarray(self.first[id(fold)] + rows, np.int32)


def parts(rows: int, size: int) -> int:
    """Number of blocks of this size that hold the rows."""
    return -(-rows // size)


def padded(rows: int) -> int:
    """The next multiple of `ROWS_MULTIPLE`."""
    return parts(rows, ROWS_MULTIPLE) * ROWS_MULTIPLE


def blocks(rows: IntArray, size: int) -> IntArray:
    """(block, padded size): the rows in blocks of `size`, in order.

    Left-over places repeat a row of the block, whose values are finite if the member's are; the
    program counts only as many rows of a block as there are.
    """
    missing = parts(len(rows), size) * size - len(rows)
    square = np.pad(rows, (0, missing), mode="edge").reshape(-1, size)
    return np.pad(square, ((0, 0), (0, padded(size) - size)), mode="edge").astype(np.int32)
