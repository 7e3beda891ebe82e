"""Steps written as plain values prepare rows as scikit-learn's fitted steps, to the last bit."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.config.sections.data import CategoryParams
from pipeline.data import rows as rows_package
from pipeline.data.description import describe
from pipeline.data.portable import portable_steps
from pipeline.data.preparation import Preparation
from pipeline.data.rows import plain_rows, prepared_matrix
from pipeline.data.table import Table


def table(rows: int = 200) -> Table:
    """Every kind of column: rare levels, gaps, dates, booleans, small integers, an empty one."""
    rng = np.random.default_rng(11)
    y = rng.integers(0, 3, rows)
    frame = pd.DataFrame(
        {
            "size": rng.normal(1e6 * y, 1.0),
            "often absent": np.where(rng.random(rows) < 0.3, np.nan, y + rng.normal(size=rows)),
            "small": rng.integers(0, 200, rows).astype(np.uint8),
            "single": rng.normal(size=rows).astype(np.float32),
            "member": pd.array(rng.choice([True, False, None], rows), dtype="boolean"),
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, rows), "D"),
            "town": rng.choice(["A", "B", *"cdefghij"], rows, p=[0.4, 0.4, *[0.025] * 8]),
            "second": rng.choice(["x", "y", "z"], rows),
            "same": 4,
            "nothing": pd.Series([None] * rows, dtype=object),
            "y": np.array(["1", "2", "7"])[y],
        }
    )
    frame.loc[::9, "since"] = pd.NaT
    frame.loc[::50, "town"] = None
    return Table("mixed", "", frame, "y", ("1", "2", "7"))


def assert_same(made: Preparation, rows: pd.DataFrame) -> None:
    assert made.steps is not None
    written = json.loads(json.dumps(portable_steps(made.steps)))
    ours = prepared_matrix(plain_rows(rows, made.columns), written)
    theirs = made.transform(rows)
    assert ours.dtype == theirs.dtype == np.float32
    assert ours.shape == theirs.shape
    assert ours.tobytes() == theirs.tobytes()


@pytest.mark.parametrize("scale", ["minmax", "standard", "none", "image"])
@pytest.mark.parametrize("rare", [0.0, 0.1])
@pytest.mark.parametrize("columns", [["*"], ["small"], ["small", "single"], ["town"], ["member"]])
def test_matrix_is_that_of_the_fitted_steps(scale: Any, rare: float, columns: list[str]) -> None:
    given = table()
    if columns != ["*"]:
        given = Table("some", "", given.frame[[*columns, "y"]], "y", given.classes)
    made = Preparation(describe(given, None), scale, CategoryParams(rare=rare, most=50))
    rows = given.frame.drop(columns="y")
    made.fit(rows[:150])
    assert_same(made, rows)
    # Rows unlike those that fitted: other levels, gaps where there were none, other types.
    odd = rows.astype(object).where(rows.notna(), None)
    for n, name in enumerate(odd):
        odd.loc[odd.index[n :: len(odd.columns)], name] = None
    for name in {"town", "second"} & {*odd}:
        odd.loc[odd.index[3::7], name] = "Atlantis"
        odd.loc[odd.index[5::7], name] = "(missing)"
    assert_same(made, odd)
    assert_same(made, odd[:1])


def test_rows_stand_alone_and_need_no_scikit_learn() -> None:
    script = (
        "import importlib.util as u, sys; s = u.spec_from_file_location('alone', sys.argv[1]);"
        "m = u.module_from_spec(s); sys.modules['alone'] = m; s.loader.exec_module(m);"
        "print(sorted({m.split('.')[0] for m in sys.modules} & set(sys.argv[2:])))"
    )
    place = Path(rows_package.__file__)
    done = subprocess.run(
        [sys.executable, "-c", script, str(place), "pipeline", "sklearn", "scipy", "mlflow"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
