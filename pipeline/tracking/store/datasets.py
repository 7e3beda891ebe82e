"""The rows of a role as an input of a run."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from mlflow.entities import Dataset, DatasetInput, InputTag
from mlflow.models.signature import infer_signature

CONTEXTS = {"train": "training", "val": "validation", "test": "testing"}
# MLflow keeps at most 36 characters of a digest.
DIGEST_LENGTH = 32


@dataclass(frozen=True, eq=False)
class RoleRows:
    """The rows of a role and the file that holds them."""

    role: str
    path: Path
    frame: pd.DataFrame


def dataset_input(rows: RoleRows) -> DatasetInput:
    """Describe a data set for a run's page: name, digest, columns, number of rows, and its use."""
    columns = infer_signature(signature_rows(telling_rows(rows.frame))).inputs.to_dict()
    dataset = Dataset(
        name=rows.role,
        digest=hashlib.sha256(rows.path.read_bytes()).hexdigest()[:DIGEST_LENGTH],
        source_type="local",
        source=json.dumps({"uri": str(rows.path)}),
        schema=json.dumps({"mlflow_colspec": columns}),
        profile=json.dumps({"num_rows": len(rows.frame)}),
    )
    return DatasetInput(dataset, [InputTag("mlflow.data.context", CONTEXTS[rows.role])])


def telling_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the few rows from which MLflow infers the same signature as from all of them.

    They hold the first value and the first gap of each column. MLflow looks at every value.
    """
    gaps = frame.isna().to_numpy()
    first = np.concatenate([gaps.argmax(0), gaps.argmin(0)])
    return frame.iloc[np.unique(first)]


def signature_rows(raw: pd.DataFrame) -> pd.DataFrame:
    """Make every number a float, for an integer column may have gaps tomorrow."""
    numeric = raw.select_dtypes("number").columns
    return raw.astype(dict.fromkeys(numeric, "float64"))
