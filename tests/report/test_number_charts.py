"""Charts of a predicted number: every row counts, no chart grows with the rows, numbers fit."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from pipeline.report.figures import numbers
from pipeline.report.figures.interval_chart import ChartRow, ChartText, interval_chart
from pipeline.report.figures.plane import MOST_DOTS
from pipeline.report.figures.scale import level, linear
from pipeline.report.figures.svg import COLOURS
from pipeline.statistics.intervals import Interval

SVG = "{http://www.w3.org/2000/svg}"


def table(rows: int, size: float = 1.0) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    actual = size * rng.lognormal(0, 0.4, rows)
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "model": kind,
                    "actual": actual,
                    "predicted": actual * (1 + spread * rng.normal(size=rows)),
                }
            )
            for kind, spread in (("tuned", 0.1), ("baseline", 0.2))
        ],
        ignore_index=True,
    )


def dots(svg: str, kind: str) -> list[str]:
    """Return the places of the dots of this kind."""
    paths = ET.fromstring(svg).iter(f"{SVG}path")
    drawn = [path for path in paths if "stroke-linecap" in path.attrib]
    (path,) = (path for path in drawn if path.get("stroke") == COLOURS[kind])
    return re.findall(r"M\d+,\d+h0", path.get("d", ""))


def ticks(svg: str) -> list[str]:
    return [text.text or "" for text in ET.fromstring(svg).iter(f"{SVG}text") if text.get("class")]


@pytest.mark.parametrize("draw", [numbers.predicted, numbers.residuals])
def test_few_rows_have_a_dot_each_and_many_are_thinned_out(
    draw: Callable[[pd.DataFrame, str], str],
) -> None:
    for kind in COLOURS:
        assert 25 <= len(dots(draw(table(30), "720"), kind)) <= 30
        assert 500 < len(dots(draw(table(20_000), "720"), kind)) <= MOST_DOTS


def test_distribution_of_errors_counts_every_row() -> None:
    svg = numbers.errors(table(500), "720")
    counts = [
        (int(tuned), int(baseline))
        for tuned, baseline in re.findall(r"tuned (\d+) test rows?, baseline (\d+) test row", svg)
    ]
    assert np.sum(counts, axis=0).tolist() == [500, 500]


def test_rows_that_are_all_alike_are_drawn() -> None:
    alike = table(5).assign(actual=7.0, predicted=7.0)
    for draw in (numbers.predicted, numbers.residuals, numbers.errors):
        assert ET.fromstring(draw(alike, "720")) is not None


def test_large_numbers_at_an_axis_are_written_in_thousands_or_more() -> None:
    svg = numbers.predicted(table(100, size=200_000), "720")
    assert "actual, in thousands" in svg
    assert max(map(len, ticks(svg))) <= 4
    assert linear(-2e6, 3e6).ticks[0] == (-2e6, "\N{MINUS SIGN}2")
    assert level([2e10, 3e11]).ticks[0] == (3e10, "30")
    change = Interval(-3e9, -5e9, -1e9)
    row = ChartRow("Dropout", change, "", "helps", "", strong=True)
    drawn = interval_chart([row], ChartText("", "", "", "change"), "720")
    assert "change, in billions" in drawn
    assert ticks(drawn) == [*(f"\N{MINUS SIGN}{size}" for size in (4, 3, 2, 1)), "0"]


def test_numbers_of_the_size_of_a_log_loss_have_no_unit() -> None:
    assert linear(0, 9_000).power == 0
    assert level([0.01, 3.0]).power == 0
