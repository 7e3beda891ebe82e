from __future__ import annotations

from functools import partial

import pytest

from pipeline.config.params import Params
from pipeline.data.schema import FOLD_COLUMN, Schema
from pipeline.data.table import Table
from pipeline.evaluation.inner_search import Trainer
from pipeline.evaluation.outer import Rows, usable_rows
from pipeline.training.stack import train_stack


@pytest.fixture
def rows(table: Table, schema: Schema, params: Params) -> Rows:
    """All rows of the toy table; the last fifth of them is val."""
    train = table.frame[:96].assign(**{FOLD_COLUMN: 0})
    return usable_rows(train, table.frame[96:], schema, None, params.split, params.seed)


@pytest.fixture
def trainer() -> Trainer:
    return partial(train_stack, keep_weights=False)
