"""A logged model is served by MLflow, pandas and NumPy alone, and still has its Keras network."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import mlflow.pyfunc
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from pipeline.data.table import Table
from pipeline.tracking.models.logged import ModelFiles, log_model, model_requirements
from pipeline.training._tensorflow import keras
from tests.tracking.models.served_model import write_model

# Keras 3.15 turns its variables to arrays in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
# What no server of a model needs, and what takes seconds or hundreds of megabytes to import.
HEAVY = ["pipeline", "tensorflow", "keras", "h5py", "sklearn", "skops", "numba", "scipy.stats"]
SCRIPT = """
import mlflow.pyfunc, pandas as pd, sys
model = mlflow.pyfunc.load_model(sys.argv[1])
answer = model.predict(pd.read_json(sys.argv[2], orient="records"))
answer.to_json(sys.argv[3], orient="records", double_precision=15)
print(sorted({*sys.argv[4:]} & {*sys.modules}))
"""


@pytest.fixture
def logged(client: MlflowClient, tmp_path: Path, table: Table) -> tuple[str, ModelFiles]:
    """The address of a logged model, and the files that it was made of."""
    run = client.create_run(client.create_experiment("toy"))
    files = write_model(tmp_path, table)
    rows = table.frame.drop(columns=table.target)
    return f"models:/{log_model(client, run, files, rows[:5], 'tuned')}", files


def test_a_new_process_serves_it_without_keras_and_scikit_learn(
    logged: tuple[str, ModelFiles], tmp_path: Path, table: Table
) -> None:
    address, _ = logged
    rows = table.frame.drop(columns=table.target)
    expected = mlflow.pyfunc.load_model(address).predict(rows)
    rows.to_json(tmp_path / "rows.json", orient="records", double_precision=15)
    arguments = [address, str(tmp_path / "rows.json"), str(tmp_path / "answer.json"), *HEAVY]
    done = subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "-c", SCRIPT, *arguments],
        cwd=tmp_path.parent,  # where there is no `pipeline`
        env={
            "MLFLOW_TRACKING_URI": mlflow.get_tracking_uri(),
            "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"
    answer = pd.DataFrame(json.loads((tmp_path / "answer.json").read_text()))
    assert answer["prediction"].tolist() == expected["prediction"].tolist()
    np.testing.assert_allclose(answer["probability_yes"], expected["probability_yes"], rtol=1e-6)


def test_the_keras_network_beside_it_predicts_the_same(
    logged: tuple[str, ModelFiles], table: Table
) -> None:
    """The way that docs/your-data.md gives."""
    address, _ = logged
    rows = table.frame.drop(columns=table.target)
    model = mlflow.pyfunc.load_model(address)
    inner = model.unwrap_python_model()
    p = keras.models.load_model(inner.keras_file).predict(inner.prepare(rows), verbose=0)[:, 0]
    assert np.ptp(p) > 0.05
    np.testing.assert_allclose(model.predict(rows)["probability_yes"], p, rtol=1e-5)


def test_what_a_server_has_to_install_is_what_it_imports() -> None:
    packages = {line.partition("==")[0] for line in model_requirements()}
    assert packages == {"mlflow", "numpy", "pandas", "threadpoolctl"}
