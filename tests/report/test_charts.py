"""Charts: text keeps its size, curves near a corner are zoomed, values show on hover."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from pipeline.comparison.quality import Threshold
from pipeline.config.params import Params
from pipeline.report import render
from pipeline.report.figure_data import pr_table, roc_table
from pipeline.report.figures import performance
from pipeline.report.figures.charts import charts
from pipeline.report.figures.confusion import confusion
from pipeline.report.figures.scale import level, linear, logarithmic, named
from pipeline.report.sections.performance import threshold_warning
from tests.comparison.toy import compared, evaluated

SVG = "{http://www.w3.org/2000/svg}"
LEAST_TEXT_PX = 12
# All charts of a report together, whatever the number of rows.
MOST_BYTES = 600_000


@pytest.mark.parametrize("classes", [2, 3])
def test_text_keeps_its_size_in_every_chart(params: Params, classes: int) -> None:
    _, made, tables = compared(params, classes)
    for name, chart in charts(made, tables, "100%").items():
        svg = ET.fromstring(chart)
        assert "viewBox" not in svg.attrib, name
        assert svg.get("width") == "100%"
        assert int(svg.get("font-size", "0")) >= LEAST_TEXT_PX
        # Only lines and areas may be stretched.
        for stretched in svg.iter(f"{SVG}svg"):
            if "viewBox" in stretched.attrib:
                assert not list(stretched.iter(f"{SVG}text")), name
        assert all("font-size" not in text.attrib for text in svg.iter(f"{SVG}text"))
        assert list(svg.iter(f"{SVG}title")), f"{name} has no values on hover"


def test_charts_of_many_rows_and_classes_stay_small() -> None:
    rng = np.random.default_rng(1)
    y = rng.integers(0, 10, 10_000)
    p = rng.dirichlet(np.ones(10), 10_000)
    classes = [f"class {number}" for number in range(10)]
    both = {"tuned": p, "baseline": p[:, ::-1]}
    drawn = [
        performance.roc(roc_table(both, y, classes), "100%"),
        performance.precision_recall(pr_table(both, y, classes), "100%"),
    ]
    assert sum(map(len, drawn)) < MOST_BYTES


def curves(scores: list[float]) -> pd.DataFrame:
    y = np.array([0] * 20 + [1] * 20)
    p = np.array(scores)
    both = np.stack([1 - p, p], axis=1)
    return roc_table({"tuned": both, "baseline": both}, y, ("no", "yes"))


def test_curves_near_the_corner_are_shown_near_it() -> None:
    ranked = [*np.linspace(0, 0.5, 19), 0.6, 0.59, *np.linspace(0.7, 1, 19)]
    near = performance.roc(curves(ranked), "100%")
    # Texts are escaped and a no-break space stands before the percent sign.
    assert "the best 10\N{NO-BREAK SPACE}% of each axis" in near
    assert "chance" not in near
    mixed = [*np.linspace(0, 1, 20), *np.linspace(0.1, 0.9, 20)]
    far = performance.roc(curves(mixed), "100%")
    assert "of each axis" not in far
    assert "chance" in far


def test_curves_on_the_frame_are_left_out_with_a_sentence(params: Params) -> None:
    _, made, tables = evaluated(params)
    assert "There are no ROC and precision-recall curves" not in render.html(made, tables)
    perfect = {
        kind: getattr(made, kind).model_copy(
            update={"test": getattr(made, kind).test | {"roc_auc": 1.0, "pr_auc": 1.0}}
        )
        for kind in ("tuned", "baseline")
    }
    best = made.model_copy(update=perfect)
    assert not {"roc", "pr"} & set(charts(best, tables, "100%"))
    for text in (render.html(best, tables), render.markdown(best, "figures")):
        assert "There are no ROC and precision-recall curves to show" in text
        assert "roc.svg" not in text


def threshold(value: float, missed: int, alarms: int) -> Threshold:
    return Threshold(
        value, ((50 - alarms, alarms), (missed, 30 - missed)), 1 - missed / 30, 1 - alarms / 50
    )


def test_a_threshold_that_does_worse_on_test_carries_a_warning() -> None:
    usual = threshold(0.5, missed=0, alarms=1)
    warning = threshold_warning(usual, threshold(0.62, missed=2, alarms=0), "malignant")
    assert warning is not None
    assert "(0.620) does worse than 0.5" in warning
    assert "misses 2 rows of malignant where 0.5 misses none" in warning
    assert "0 false alarms where 0.5 raises 1" in warning
    assert threshold_warning(usual, threshold(0.4, missed=0, alarms=0), "malignant") is None
    # More alarms than it saves misses.
    worse = threshold_warning(threshold(0.5, 1, 0), threshold(0.2, 0, 9), "malignant")
    assert worse is not None


def test_axes_have_round_numbers_within_their_ends() -> None:
    for scale in (linear(-0.27, 0.04), linear(0, 0), logarithmic([0.013, 0.66]),
                  logarithmic([1e-7, 10.0]), level([0.64, 0.71]), level([0.01, 2.0]),
                  level([-3.0, 5.0]), named(["off", "0.1", "0.2"])):  # fmt: skip
        values = [value for value, _ in scale.ticks]
        assert 2 <= len(values) <= 8
        assert all(scale.low - 1e-9 <= value <= scale.high + 1e-9 for value in values)
        assert len({number for _, number in scale.ticks}) == len(values)
    assert level([0.01, 2.0]).log
    assert not level([0.64, 0.71]).log
    assert [number for _, number in logarithmic([1e-7, 10.0]).ticks][:2] == ["10⁻⁷", "10⁻⁵"]


@pytest.mark.parametrize("size", [2, 10, 30])
def test_a_confusion_matrix_tells_each_count(size: int) -> None:
    matrix = np.arange(size * size).reshape(size, size)
    classes = [f"a rather long name {number}" for number in range(size)]
    svg = ET.fromstring(confusion(matrix.tolist(), classes, "tuned", "100%"))
    titles = [str(title.text) for title in svg.iter(f"{SVG}title")]
    assert len(titles) == size * size
    assert titles[1].startswith(f"actual {classes[0]}, predicted {classes[1]}: 1 row, ")
