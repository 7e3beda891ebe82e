from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
from mlflow.models.signature import infer_signature

from pipeline.tracking.store.datasets import RoleRows, dataset_input, signature_rows, telling_rows


def test_few_rows_tell_what_all_tell(tmp_path: Path) -> None:
    rows = 1000
    frame = pd.DataFrame(
        {
            "whole": np.arange(rows),
            "text": ["a", "b"] * (rows // 2),
            "late gap": [1.5] * (rows - 1) + [None],
            "late value": [None] * (rows - 1) + ["x"],
            "text with a gap": ["a"] * 7 + [None] + ["b"] * (rows - 8),
            "flag": [True, False] * (rows // 2),
            "day": pd.date_range("2024-01-01", periods=rows),
        }
    )
    file = tmp_path / "train.parquet"
    frame.to_parquet(file)
    shown = dataset_input(RoleRows("train", file, frame)).dataset
    whole = infer_signature(signature_rows(frame)).inputs.to_dict()
    assert json.loads(shown.schema)["mlflow_colspec"] == whole
    assert not next(one for one in whole if one["name"] == "late gap")["required"]
    assert json.loads(shown.profile) == {"num_rows": rows}
    assert len(telling_rows(frame)) == 3
