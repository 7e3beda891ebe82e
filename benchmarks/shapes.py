"""Made-up tables of unusual shapes, whose classes some of their columns tell apart."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

CELL_DIGITS = 4


def wide(rows: int = 500, columns: int = 7_000) -> pd.DataFrame:
    """More columns than rows; every hundredth is shifted by the class."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, rows)
    x = rng.normal(size=(rows, columns))
    x[:, ::100] += 0.5 * y[:, None]
    names = [f"gene_{n:04d}" for n in range(columns)]
    return pd.DataFrame(x.round(CELL_DIGITS), columns=names).assign(y=np.array(["a", "b"])[y])


def long(rows: int = 330_000) -> pd.DataFrame:
    """Fourteen columns: numbers, texts, a date and a boolean."""
    rng = np.random.default_rng(1)
    y = rng.integers(0, 2, rows)
    frame = pd.DataFrame(
        rng.normal(y[:, None] * np.linspace(0, 0.5, 10), 1.0, (rows, 10)).round(CELL_DIGITS),
        columns=[f"value_{n}" for n in range(10)],
    )
    return frame.assign(
        town=rng.choice([f"town {n}" for n in range(40)], rows),
        plan=np.where(rng.random(rows) < 0.6, np.array(["basic", "plus"])[y], "free"),
        since=np.datetime64("2015-01-01") + rng.integers(0, 3000, rows),
        active=rng.random(rows) < 0.5,
        y=np.array(["no", "yes"])[y],
    )


def empty(rows: int = 5_000, columns: int = 60) -> pd.DataFrame:
    """Nine of ten cells are missing."""
    rng = np.random.default_rng(2)
    y = rng.integers(0, 2, rows)
    x = rng.normal(y[:, None] * 1.0, 1.0, (rows, columns)).round(CELL_DIGITS)
    x[rng.random((rows, columns)) < 0.9] = np.nan
    names = [f"test_{n:02d}" for n in range(columns)]
    return pd.DataFrame(x, columns=names).assign(y=np.array(["ill", "well"])[y])


SHAPES: dict[str, Callable[[], pd.DataFrame]] = {"wide": wide, "long": long, "mostly_empty": empty}
