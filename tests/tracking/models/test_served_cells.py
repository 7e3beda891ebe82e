"""A served model reads each cell as `fetch` did, whatever kind of column and however written."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.config.params import parse_params
from pipeline.data.description import describe
from pipeline.data.sources.dispatch import load_table
from pipeline.tracking.models.logged import open_model
from pipeline.tracking.models.served import RegularizedNetwork
from tests.tracking.models.served_model import write_model

# The kind that fetch gives a column, and the spellings of its cells.
COLUMNS: dict[str, tuple[str, list[str]]] = {
    "plain": ("numeric", ["7", "-1", "+3", " 8 ", "1e3", "0", "-0", "12345"]),
    "special": ("numeric", ["1", "nan", "2", "NaN", "3", "-999", "", "?"]),
    "comma": ("numeric", ["1,5", "\u22127,7", "7,5-", "(2,5)", ",5", "5,", "1,5e2", "3"]),
    "thousands": ("numeric", ["1.234,56", "12.345.678,9", "2.424", "259", "-1.000", "0,5"]),
    "blank": ("numeric", ["1\u00a0234,5", "12\u202f345", "1 000", "7,25", "\u22121\u00a0000"]),
    "apostrophe": ("numeric", ["1'234'567", "1\u2019000", "12"]),
    "rupees": ("numeric", ["12.34.567", "1.00.000", "5"]),
    "euros": ("numeric", ["€ 5,5", "-€5,25", "€-4", "(€3)", "€1.000,00"]),
    "dollars": ("numeric", ["5 US$", "7 US$", "-7,5 US$"]),
    "percent": ("numeric", ["12%", "7,5 %", "\u22123 %"]),
    "weight": ("numeric", ["72,1 kg", "80\u00a0kg", "1.000 kg", "65kg"]),
    "flag": ("boolean", ["yes", "No", "t", "F", "Y", "n", "1", "0", "TRUE", " false ", "1.0"]),
    "truth": ("boolean", ["true", "False", "TRUE", ""]),
    "day": ("date", ["2024-01-31", "2023-12-01", "1970-01-01", ""]),
    "moment": ("date", ["2024-01-31 10:30", "2024-01-31T10:30:15.25", "2024-02-01"]),
    "zoned": ("date", ["2024-01-31T10:30Z", "2024-01-31T10:30+05:00"]),
    "german": ("date", ["31.01.2024", "01.12.2023", "?"]),
    "compact": ("date", ["20240131", "2024-02-29", "2024-03", "2024"]),
    "american": ("date", ["01/31/24 10:30 PM", "12/01/23 01:05 AM"]),
    "code": ("category", ["00123", "123", "0", "-999", ""]),
    "town": ("category", ["Köln", "NA", "None", " Köln", "?", "1.0", "1"]),
    "level": ("category", ["1", "1.0", "2.50", "true"]),
}
TYPES = {
    "flag": "boolean",
    "german": "date:%d.%m.%Y",
    "compact": "date",
    "american": "date:%m/%d/%y %I:%M %p",
    "level": "category",
}
ROWS = 60


@pytest.fixture(scope="module")
def fetched(tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, Path, Any]:
    """The raw texts, the CSV with them, and the table that fetch makes of it."""
    from ruamel.yaml import YAML

    folder = tmp_path_factory.mktemp("table")
    raw = pd.DataFrame({name: np.resize(cells, ROWS) for name, (_, cells) in COLUMNS.items()})
    path = folder / "t.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow([*raw, "y"])
        writer.writerows([*row, "ab"[n % 2]] for n, row in enumerate(raw.itertuples(index=False)))
    values = YAML(typ="safe").load(Path(__file__).parents[3] / "params.yaml")
    values["data"] |= {"source": str(path), "watch": str(folder), "target": "y", "types": TYPES}
    values["data"] |= {"missing": ["", "?", "-999"]}
    params = parse_params(values)
    return raw, folder, load_table(params.data, params.split)


@pytest.fixture(scope="module")
def model(fetched: tuple[pd.DataFrame, Path, Any]) -> RegularizedNetwork:
    """The model as a server loads it."""
    _, folder, table = fetched
    return open_model(write_model(folder, table))


def test_fetch_takes_every_spelling(fetched: tuple[pd.DataFrame, Path, Any]) -> None:
    raw, _, table = fetched
    kinds = {column.name: column.kind for column in describe(table, None).columns}
    assert kinds == {name: kind for name, (kind, _) in COLUMNS.items()}
    gaps = raw.isin(["", "?", "-999"]) | raw.isin(["nan", "NaN"])
    pd.testing.assert_frame_equal(table.frame[[*COLUMNS]].isna(), gaps)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("form", ["a table", "a list of rows", "one row"])
def test_same_text_gives_the_same_prediction(
    fetched: tuple[pd.DataFrame, Path, Any], model: RegularizedNetwork, form: str
) -> None:
    raw, _, table = fetched
    ours = model.predict(None, table.frame[[*COLUMNS]])["probability_b"]
    assert ours.nunique() == ROWS
    if form == "a table":
        theirs = model.predict(None, raw)["probability_b"]
    elif form == "a list of rows":
        theirs = model.predict(None, raw.to_dict("records"))["probability_b"]
    else:
        rows = raw.to_dict("records")
        theirs = pd.concat([model.predict(None, row) for row in rows])["probability_b"]
    np.testing.assert_allclose(theirs, ours, rtol=1e-6)
