from __future__ import annotations

import pytest

from atlas.hours import OVERHEAD_S, finished_rate, hours, seconds_of, work
from atlas.result import Finding, Made, Result, Size
from atlas.tables import read_list
from pipeline.config.params import load_params
from tests.conftest import ROOT

PARAMS, TABLES = load_params(ROOT / "params.yaml"), read_list()


def test_work_grows_with_rows_until_the_bound_on_them() -> None:
    table = TABLES["concrete"]
    work_of = {
        rows: work(table.model_copy(update={"rows": rows}), PARAMS)
        for rows in (500, 1000, 10_000, 20_000)
    }
    assert work_of[1000] == pytest.approx(2 * work_of[500], rel=0.05)
    assert work_of[20_000] == work_of[10_000]


def test_wide_tables_take_more() -> None:
    narrow = TABLES["chemical_yield"]
    assert work(narrow.model_copy(update={"columns": 5000}), PARAMS) > 3 * work(narrow, PARAMS)


def test_time_left_follows_from_the_finished_tables() -> None:
    size = dict.fromkeys(Size.model_fields, 1) | {"gaps": 0.0}
    finding = Finding(
        size=Size(**size), loss="log_loss", arms=(), peers=(), alone="l1", answer="", epochs=1
    )
    made = Made(code="", fingerprint="", packages={}, seconds=OVERHEAD_S + 100)
    results = {"wine": Result(table="wine", finding=finding, failure=None, made=made)}
    rate = finished_rate(TABLES, results, PARAMS)
    assert seconds_of({"wine": TABLES["wine"]}, PARAMS, rate) == pytest.approx(OVERHEAD_S + 100)


def test_hours_are_written_for_people() -> None:
    assert [hours(s) for s in (5, 300, 9000)] == ["1 minute", "5 minutes", "2.5 hours"]
