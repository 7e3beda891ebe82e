"""Parameters for tests of sources, and files to read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.params import parse_params
from pipeline.data.table import Table

Load = Callable[..., Table]


@pytest.fixture
def load(raw_params: dict[str, Any], tmp_path: Path) -> Load:
    """Load a table: keys of section `data`, and of section `split` where they begin so."""
    from pipeline.data.sources.dispatch import load_table

    def of(source: str | Path, split: dict[str, Any] | None = None, **data: Any) -> Table:
        raw_params["data"] |= {"source": str(source), "watch": str(tmp_path)} | data
        raw_params["split"] |= split or {}
        params = parse_params(raw_params)
        return load_table(params.data, params.split)

    return of
