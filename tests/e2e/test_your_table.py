"""A user's own CSV with every kind of column, from the file to predictions for raw rows."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.e2e.conftest import Project

# One process for all questions: importing MLflow takes longer than any answer.
ASK = """
import json
import mlflow, pandas as pd
from pathlib import Path
model = mlflow.pyfunc.load_model("models:/regularized-net@challenger")
asked = json.loads(Path("asked.json").read_text())
raw = pd.read_csv("tables/mine.csv", sep=";", decimal=",").drop(columns=["level"])
given = {name: eval(text, {"raw": raw}) for name, text in asked.items()}
answers = {}
for name, rows in given.items():
    try:
        answers[name] = model.predict(rows).to_dict(orient="list")
    except Exception as error:
        answers[name] = str(error)
print(json.dumps(answers))
"""
ROW = {"size, in m²": 1, "rooms": None, "income": 2.5, "sold": True, "since": "2021-06-01",
       "town": "Atlantis", "zip": "99999"}  # fmt: skip
WRONG = {
    "raw.drop(columns=['rooms'])": "missing columns: 'rooms'. Add them",
    "raw.assign(level=1, Town='Ulm')": "unknown columns: 'level', 'Town'. Leave them out.",
    "raw.to_numpy()": "ndarray given, want rows with the names of their columns.",
    "raw[:0]": "no rows, want at least one.",
    "raw.assign(rooms='many')": "column 'rooms' holds 'many', want a number",
    "raw.assign(since='1.2.2021')": "column 'since' holds '1.2.2021', want a date",
    "raw.assign(sold='maybe')": "column 'sold' holds 'maybe', want true or false",
}


def table(rows: int = 260) -> pd.DataFrame:
    rng = np.random.default_rng(8)
    y = rng.integers(0, 3, rows)
    frame = pd.DataFrame(
        {
            "size, in m²": rng.normal(y, 0.7).round(3),
            "rooms": rng.poisson(2 + y),
            "income": np.where(rng.random(rows) < 0.3, np.nan, rng.normal(y, 1).round(2)),
            "sold": rng.choice(["True", "False", None], rows),
            "since": np.datetime64("2021-03-01") + y * 90 + rng.integers(0, 300, rows),
            "town": rng.choice(["None", "NA", "Ulm", *"abcdefgh"], rows),
            "zip": [f"0{n % 4}100" for n in range(rows)],
            "country": "DE",
            "spare": None,
            "level": np.array([1, 2, 7])[y],
        }
    )  # fmt: skip
    frame.loc[::40, "town"] = None
    return frame


@pytest.fixture(scope="module")
def own(fresh: Callable[[], Project]) -> Project:
    project = fresh()
    table().to_csv(project.path / "tables/mine.csv", index=False, sep=";", decimal=",")
    project.edit("source: breast_cancer", "source: tables/mine.csv")
    project.edit("target: null", "target: level")
    project.edit("types: {}", "types: {zip: category}")
    # Six epochs are too few to learn anything.
    project.edit("max_epochs: 6", "max_epochs: 60")
    project.edit("learning_rate: 0.001", "learning_rate: 0.003")
    project.run("git", "commit", "-qam", "My table")
    project.run("dvc", "repro")
    return project


@pytest.fixture(scope="module")
def answers(own: Project) -> dict[str, Any]:
    """Of the registered model: predictions, or the message of its error."""
    asked = {
        # Whole numbers, gaps, dates as text and booleans with gaps: what pandas makes of the file.
        "straight": "raw",
        "turned": "raw.iloc[:, ::-1].drop(columns=['spare', 'country'])",
        "rows": repr([ROW, dict.fromkeys(ROW)]),
        "one row": repr(ROW),
        **{change: change for change in WRONG},
    }
    (own.path / "asked.json").write_text(json.dumps(asked))
    uri = f"sqlite:///{own.path}/mlflow.db"
    printed = own.run(sys.executable, "-c", ASK, MLFLOW_TRACKING_URI=uri)
    told: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return told


def test_the_table_is_read_as_it_is_meant(own: Project) -> None:
    schema = json.loads((own.path / "data/schema.json").read_text())
    kinds = {column["name"]: column["ignored"] or column["kind"] for column in schema["columns"]}
    assert kinds == {
        "size, in m²": "numeric",
        "rooms": "numeric",
        "income": "numeric",
        "sold": "boolean",
        "since": "date",
        "town": "category",
        "zip": "category",
        "country": "constant",
        "spare": "empty",
    }
    assert schema["classes"] == ["1", "2", "7"]
    raw = pd.read_parquet(own.path / "data/raw.parquet")
    assert {"None", "NA", "Ulm"} <= set(raw["town"].dropna())
    assert raw["town"].isna().sum() == 7
    page = (own.path / "reports/comparison.html").read_text()
    assert "one value in every row; used in images only" in page


def test_the_model_takes_rows_as_they_are_in_the_file(
    own: Project, answers: dict[str, Any]
) -> None:
    predicted = answers["straight"]["prediction"]
    assert answers["turned"] == answers["straight"]
    assert set(predicted) <= {"1", "2", "7"}
    # On all rows it does about as well as on test, and much better than guessing.
    assert (np.array(predicted, int) == table()["level"]).mean() > 0.6
    report = json.loads((own.path / "reports/comparison.json").read_text())
    assert report["metrics"]["log_loss"]["tuned"]["estimate"] < np.log(3)


def test_the_model_takes_rows_with_gaps_and_unseen_levels(answers: dict[str, Any]) -> None:
    answer, alone = answers["rows"], answers["one row"]
    assert alone["prediction"] == answer["prediction"][:1]
    # BLAS may sum in another order for one row than for several.
    for label in (1, 2, 7):
        name = f"probability_{label}"
        assert alone[name] == pytest.approx(answer[name][:1], rel=1e-5)
    for row in (0, 1):
        total = sum(answer[f"probability_{label}"][row] for label in (1, 2, 7))
        assert total == pytest.approx(1)


@pytest.mark.parametrize("change", WRONG)
def test_rows_that_are_wrong_are_told(answers: dict[str, Any], change: str) -> None:
    assert WRONG[change] in answers[change]


def test_a_changed_file_is_fetched_again_and_a_bad_one_changes_nothing(own: Project) -> None:
    assert "Data and pipelines are up to date." in own.run("dvc", "repro")
    outputs = [*own.path.glob("data/*.*"), *own.path.glob("reports/*.*")]
    before = {path: path.read_bytes() for path in outputs}

    path = own.path / "tables/mine.csv"
    good = path.read_text()
    path.write_text(good + "1;2\n")
    printed = own.stage("fetch", code=1)
    assert re.search(r"tables/mine\.csv: row 262 has 2 cells, want 10", printed)
    assert len(printed.strip().splitlines()) == 1
    assert {path: path.read_bytes() for path in outputs} == before

    path.write_text(good + good.splitlines()[1] + "\n")
    printed = own.run("dvc", "repro", "split")
    assert re.findall(r"Running stage '(\w+)'", printed) == ["fetch", "split"]
    path.write_text(good)
    # The run cache has the outputs of the old file.
    own.run("dvc", "repro")
    assert {path: path.read_bytes() for path in outputs} == before


def test_dvc_sees_a_table_elsewhere_change(fresh: Callable[[], Project], tmp_path: Path) -> None:
    project, file = fresh(), tmp_path / "elsewhere.csv"
    table().to_csv(file, index=False)
    project.edit("source: breast_cancer", f"source: {file}")
    project.edit("target: null", "target: level")
    printed = project.run("dvc", "repro", "fetch")
    assert f"note: {file} lies outside the project." in printed
    assert "a clone elsewhere needs it at the same path" in printed
    assert "up to date" in project.run("dvc", "repro", "fetch")
    table(261).to_csv(file, index=False)
    assert "elsewhere: 261 rows" in project.run("dvc", "repro", "fetch")
    assert "up to date" in project.run("dvc", "repro", "fetch")
