from __future__ import annotations

import pytest

from pipeline.config.params import Params
from pipeline.data.schema import FOLD_COLUMN, Schema
from pipeline.data.table import Table
from pipeline.evaluation.outer import Rows, usable_rows
from pipeline.training.fit import Trainer
from pipeline.training.trainers import trainer as usual_trainer


@pytest.fixture
def rows(table: Table, schema: Schema, params: Params) -> Rows:
    """All rows of the toy table; the last fifth of them is val."""
    train = table.frame[:96].assign(**{FOLD_COLUMN: 0})
    return usable_rows(train, table.frame[96:], schema, None, params.split, params.seed)


@pytest.fixture
def trainer() -> Trainer:
    return usual_trainer()
