"""The study of the present parameters and data."""

from __future__ import annotations

from pipeline.data.schema import Schema
from pipeline.params import Params
from pipeline.search.fingerprint import fingerprint
from pipeline.search.storage import open_storage
from pipeline.search.study import Study
from pipeline.stages.files import SCHEMA, STUDIES, TRAIN, VAL


def open_study(params: Params, schema: Schema) -> Study:
    """The study, new or resumed."""
    name = f"{schema.name}-{fingerprint(params, [TRAIN, VAL, SCHEMA])}"
    return Study(open_storage(STUDIES), name, params.search, params.baseline, params.seed)
