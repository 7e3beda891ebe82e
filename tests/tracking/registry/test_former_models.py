"""A version that was registered while Keras served it still takes part in a contest."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import mlflow.pyfunc
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from benchmarks.served_models import former_files
from pipeline.data.table import Table
from pipeline.tracking.models.logged import log_model
from pipeline.tracking.registry.champion import Registry, Version
from tests.tracking.models.served_model import fitted_preparation, write_model

MODEL = "toy-net"
PREDICT = """
import sys, pandas as pd
from pipeline.tracking.registry.champion import Registry, Version
rows = pd.read_parquet(sys.argv[2])
p = Registry("toy-net").predict(Version(sys.argv[1], "", {}, None), rows, ["no", "yes"])
print("tensorflow" in sys.modules)
"""
# Keras 3.15 turns its variables to arrays in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture
def rows(client: MlflowClient, tmp_path: Path, table: Table) -> pd.DataFrame:
    """Raw rows; version 1 is served by Keras, version 2 is the same network as it is served now."""
    files = write_model(tmp_path, table)
    rows = table.frame.drop(columns=table.target)
    mlflow.pyfunc.save_model(
        tmp_path / "former", **former_files(tmp_path, files, fitted_preparation(table).steps)
    )
    client.create_registered_model(MODEL)
    run = client.create_run(client.create_experiment("toy"))
    client.create_model_version(MODEL, str(tmp_path / "former"), run.info.run_id)
    model = log_model(client, run, files, rows[:5], "tuned")
    client.create_model_version(MODEL, f"models:/{model}", run.info.run_id, model_id=model)
    for cache in tmp_path.rglob("__pycache__"):
        shutil.rmtree(cache)
    return rows


def test_both_forms_of_a_network_predict_the_same(rows: pd.DataFrame) -> None:
    registry = Registry(MODEL)
    former, now = (
        registry.predict(Version(number, "", {}, None), rows, ["no", "yes"]) for number in "12"
    )
    assert np.ptp(former[:, 1]) > 0.05
    np.testing.assert_allclose(now, former, rtol=1e-5)


@pytest.mark.parametrize(("number", "starts"), [("1", "True"), ("2", "False")])
def test_tensorflow_starts_quietly_and_only_for_the_former(
    rows: pd.DataFrame, tmp_path: Path, number: str, starts: str
) -> None:
    rows.to_parquet(tmp_path / "rows.parquet")
    done = subprocess.run(
        [sys.executable, "-c", PREDICT, number, str(tmp_path / "rows.parquet")],
        env={
            "MLFLOW_TRACKING_URI": mlflow.get_tracking_uri(),
            "PYTHONPATH": str(Path(__file__).parents[3]),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr, done.stdout.strip()) == (0, "", starts)
