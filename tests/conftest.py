"""Small, real inputs that tests share."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from pipeline.config.params import Params, parse_params
from pipeline.data.description import describe
from pipeline.data.schema import Schema
from pipeline.data.table import Table

ROOT = Path(__file__).parents[1]


@pytest.fixture
def raw_params() -> dict[str, Any]:
    """The project's params.yaml as plain values, free to be changed."""
    return copy.deepcopy(YAML(typ="safe").load(ROOT / "params.yaml"))


@pytest.fixture
def params(raw_params: dict[str, Any]) -> Params:
    """Parameters of a run that takes a second: a small network, few epochs."""
    raw_params["network"]["layers"] = [{"units": 8, "dropout": True}, {"units": 4}]
    raw_params["train"]["max_epochs"] = 4
    raw_params["search"] |= {"trials": 6, "batch": 2}
    raw_params["compare"] |= {"seeds": 2, "resamples": 200, "curve_points": 2}
    raw_params["compare"] |= {"bootstrap_sets": 3, "reference_repeats": 3}
    return parse_params(raw_params)


@pytest.fixture
def table() -> Table:
    """Two numeric columns and a category, with gaps, and two classes that they tell apart."""
    rng = np.random.default_rng(7)
    y = rng.integers(0, 2, 120)
    frame = pd.DataFrame(
        {
            "width": rng.normal(y, 0.8),
            "count": rng.poisson(3 + 2 * y),
            "colour": rng.choice(["red", "green", "blue"], 120),
            "outcome": np.where(y == 1, "yes", "no"),
        }
    )
    frame.loc[::17, "width"] = np.nan
    frame.loc[::23, "colour"] = None
    return Table("toy", "A toy table", frame, "outcome", ("no", "yes"))


@pytest.fixture
def schema(table: Table) -> Schema:
    return describe(table, group=None)


Change = Callable[[dict[str, Any]], object]
