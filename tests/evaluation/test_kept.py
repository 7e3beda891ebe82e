from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.config.params import parse_params
from pipeline.evaluation.kept import ROOTS, evaluation_fingerprint
from pipeline.search.fingerprint import code_digests

CHANGING: list[tuple[str, str, Any]] = [
    ("data", "scale", "standard"),
    ("train", "max_epochs", 99),
    ("search", "batch", 4),
    ("baseline", "dropout", 0.1),
    ("evaluate", "folds", 4),
    ("evaluate", "inner_folds", 4),
    ("evaluate", "trials", 30),
    ("evaluate", "strengths", 4),
    ("evaluate", "seeds", 3),
    ("evaluate", "rows", 300),
]
KEEPING: list[tuple[str, str, Any]] = [
    ("evaluate", "repeats", 7),
    ("search", "trials", 7),
    ("split", "seed", 7),
    ("compare", "resamples", 700),
    ("compare", "confidence", 0.9),
    ("compare", "rope", 0.02),
    ("gate", "margin", 0.2),
]


def changed(raw: dict[str, Any], section: str, key: str, value: Any, file: Path) -> bool:
    before = evaluation_fingerprint(parse_params(raw), [file])
    raw[section] = raw[section] | {key: value}
    return evaluation_fingerprint(parse_params(raw), [file]) != before


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "train.parquet"
    path.write_bytes(b"rows")
    return path


@pytest.mark.parametrize(("section", "key", "value"), CHANGING)
def test_parameter_begins_another_evaluation(
    raw_params: dict[str, Any], section: str, key: str, value: Any, file: Path
) -> None:
    assert changed(raw_params, section, key, value, file)


@pytest.mark.parametrize(("section", "key", "value"), KEEPING)
def test_parameter_goes_on_with_the_evaluation(
    raw_params: dict[str, Any], section: str, key: str, value: Any, file: Path
) -> None:
    assert not changed(raw_params, section, key, value, file)


def test_each_setting_of_the_evaluation_is_listed(raw_params: dict[str, Any]) -> None:
    listed = {key for section, key, _ in (*CHANGING, *KEEPING) if section == "evaluate"}
    assert listed == set(raw_params["evaluate"])


def test_data_and_code_that_computes_count(raw_params: dict[str, Any], file: Path) -> None:
    params = parse_params(raw_params)
    before = evaluation_fingerprint(params, [file])
    file.write_bytes(b"other rows")
    assert evaluation_fingerprint(params, [file]) != before
    code = code_digests(ROOTS)
    for name in ("fold", "outer", "inner_search", "losses", "peers", "arms"):
        assert f"evaluation/{name}.py" in code
    assert {"training/stack.py", "data/prepare.py", "search/inner.py"} <= set(code)
    # What is made of the folds afterwards is made anew in each run.
    assert not {"evaluation/summary.py", "evaluation/headline.py", "statistics/nested.py"} & {*code}
