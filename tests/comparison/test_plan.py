"""Every part of the evidence on real networks, and its report, whatever names are in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from math import floor, log10
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.comparison.json_schema import schema_text
from pipeline.comparison.key_figures import key_figures, tables
from pipeline.comparison.material import thinned
from pipeline.comparison.result import SCHEMA_VERSION, Comparison
from pipeline.comparison.weights import EDGES
from pipeline.config.params import Params
from pipeline.data.prepare import Fold
from pipeline.report import render as report
from pipeline.report.figures.charts import charts
from tests.comparison.toy import FINDING, FORMULA, SCRIPT, SOME, compared, evaluated
from tests.conftest import ROOT


def change(params: Params, **compare: object) -> Params:
    return params.model_copy(update={"compare": params.compare.model_copy(update=compare)})


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.given: list[dict[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.given.append(dict(attributes))

    def handle_data(self, data: str) -> None:
        # Ticks are round numbers between what the JSON holds.
        if (
            self.tags[-1:] not in (["style"], ["script"])
            and self.given[-1:] != []
            and self.given[-1].get("class") != "tick"
        ):
            self.texts.append(data)


def numbers(value: Any) -> Iterator[float]:
    """All numbers of a JSON value, and the means of its lists."""
    if isinstance(value, dict):
        for one in value.values():
            yield from numbers(one)
    elif isinstance(value, list):
        for one in value:
            yield from numbers(one)
        if value and all(isinstance(one, (int, float)) for one in value):
            yield float(np.mean(value))
    elif isinstance(value, (int, float)):
        yield float(value)


@pytest.mark.parametrize("classes", [2, 3])
def test_report_says_only_what_the_json_holds_and_shows_names_as_text(
    params: Params, classes: int
) -> None:
    _, comparison, drawn_from = compared(params, classes)
    text = json.dumps(comparison.model_dump(mode="json"))
    assert Comparison.model_validate_json(text) == comparison

    page = Page(report.html(comparison, drawn_from))
    assert page.tags.count("script") == 1
    assert not {"link", "iframe", "object", "img"} & set(page.tags)
    shown = "\n".join(page.texts)
    assert SCRIPT in shown
    assert FORMULA in shown
    assert FINDING in shown
    charts = [
        given
        for tag, given in zip(page.tags, page.given, strict=True)
        if tag == "svg" and given.get("role") == "img"
    ]
    assert all(given["aria-label"] for given in charts)
    assert len(charts) == (17 if classes == 2 else 15)
    assert page.tags.count("h1") == 1
    assert page.tags.count("h2") == 6
    assert page.tags.count("caption") == page.tags.count("table")

    check_figures(shown, comparison, drawn_from["learning"])


def check_figures(shown: str, comparison: Comparison, learning: pd.DataFrame) -> None:
    """Check that the JSON, or what the curves are drawn from, backs each decimal number."""
    text = json.dumps(comparison.model_dump(mode="json"))
    reference = comparison.reference
    known = [*numbers(json.loads(text)), 0.5]
    if reference:
        known += [0.9651 - 0.9884, *np.subtract(reference.with_dropout, reference.without)]
    known += [*learning["loss"], *EDGES]
    known += [one / 10.0 ** floor(log10(abs(one))) for one in known if one]
    known += [100 * one for one in known]
    for token in set(re.findall(r"(?<![\w.])\d+\.\d+(?![\w.]*\d)", shown)):
        digits = len(token.split(".")[1])
        backed = any(f"{abs(one):.{digits}f}" == token for one in known) or token in text
        assert backed, shown[max(0, shown.find(token) - 80) : shown.find(token) + 20]


@pytest.mark.parametrize("classes", [2, 3])
def test_markdown_escapes_names_and_keeps_its_tables_square(params: Params, classes: int) -> None:
    _, comparison, drawn_from = compared(params, classes)
    for text in (report.markdown(comparison, "figures"), report.note(comparison, "Reproduce.")):
        assert not re.search(r"(?<!\\)<", text)
        assert not re.search(r"(?<!\\)`", text)
        width = 0
        for line in text.splitlines():
            cells = len(re.findall(r"(?<!\\)\|", line))
            assert cells == (cells if not width or not line.startswith("|") else width), line
            width = cells if line.startswith("|") else 0
            assert not line.startswith("=")
    text = report.markdown(comparison, "figures")
    drawn = charts(comparison, drawn_from, "720")
    assert set(re.findall(r"\(figures/(\w+)\.svg\)", text)) == set(drawn)
    assert r"\<script\>alert(1)\</script\>" in text
    assert r"- '\<script\>alert(1)\</script\>': 14 \*gaps\*, =cmd()" in text


def test_an_evaluation_takes_the_place_of_the_ablation(params: Params) -> None:
    findings, comparison, drawn_from = evaluated(params)
    assert comparison.ablation is None
    # What the weights need is trained all the same, and no more.
    assert [variant.name for variant, _ in findings.variants] == ["none", "l1", "l2", "tuned"]
    assert len(comparison.weights) == 4
    page = Page(report.html(comparison, drawn_from))
    assert page.tags.count("h2") == 6
    assert page.tags.count("caption") == page.tags.count("table")
    # What a figure shows already is folded away.
    assert page.tags.count("details") == 4
    assert "batch size 32," in "".join(page.texts)
    shown = "\n".join(page.texts)
    assert "Elastic net (half L1, half L2)" in shown
    assert "Logistic regression" in shown
    assert "Regularization prevents a few confident blunders" in shown
    check_figures(shown, comparison, drawn_from["learning"])
    figures = key_figures(comparison)
    assert figures["evaluation_log_loss_difference"] == -0.08
    # What the networks of the verdict are does not depend on it.
    _, alone, _ = compared(params, 2)
    assert alone.tuned == comparison.tuned
    assert alone.metrics == comparison.metrics
    assert (alone.verdict, alone.test_verdict) == (comparison.test_verdict,) * 2


def test_published_schema_is_that_of_the_json() -> None:
    path = ROOT / "docs/comparison.schema.json"
    assert path.read_text(encoding="utf-8") == schema_text(), (
        "python -m pipeline.comparison.json_schema > docs/comparison.schema.json"
    )
    assert json.loads(schema_text())["properties"]["schema_version"]["default"] == SCHEMA_VERSION


def test_parts_that_are_switched_off_leave_a_report(params: Params) -> None:
    off = change(params, ablation=False, curve_points=0, bootstrap_sets=0, reference_repeats=0)
    findings, comparison, drawn_from = compared(off, 2)
    assert (comparison.ablation, comparison.decomposition, comparison.reference) == (None,) * 3
    assert findings.curves == ()
    assert set(charts(comparison, drawn_from, "720")) == {
        "differences", "learning", "roc", "pr", "confusion_tuned", "confusion_baseline",
        "confusion_chosen", "calibration", "columns", "moved",
    }  # fmt: skip
    page = Page(report.html(comparison, drawn_from))
    assert page.tags.count("h2") == 6
    assert "switched off" in "".join(page.texts)
    others = tables(comparison)
    assert set(others) == {"metrics", "further"}
    assert list(others["further"]["figure"]) == ["mcnemar_p", "log_loss_detectable"]


def test_without_curves_the_ablation_takes_the_tuned_strengths(params: Params) -> None:
    findings, comparison, _ = compared(change(params, curve_points=0, bootstrap_sets=0), 3)
    assert comparison.reference is None  # compare.published is of another data set
    assert comparison.ablation
    by_name = {row.name: row.regularization for row in comparison.ablation.rows}
    assert by_name["dropout"].dropout == SOME.dropout
    assert by_name["l1"].l1 == SOME.l1
    none = next(fits for variant, fits in findings.variants if variant.name == "none")
    baseline = findings.networks["baseline"].fits
    assert [id(fit) for fit in none] == [id(fit) for fit in baseline]


def test_parts_that_explain_take_few_rows_and_say_so(params: Params) -> None:
    findings, comparison, drawn_from = compared(change(params, rows=30), 2)
    assert comparison.fitting_rows == 30
    none = next(fits for variant, fits in findings.variants if variant.name == "none")
    baseline = findings.networks["baseline"].fits
    assert not np.array_equal(none[0].weights[0], baseline[0].weights[0])
    assert comparison.reference
    assert comparison.reference.fit_rows == 30
    told = "".join(Page(report.html(comparison, drawn_from)).texts)
    assert told.count("compare.rows") == 3
    _, whole, drawn_from = compared(params, 2)
    assert "compare.rows" not in report.html(whole, drawn_from)


def test_a_fold_is_thinned_within_its_roles() -> None:
    position = np.arange(100, dtype=np.int32)
    fold = Fold(np.zeros((100, 1), np.float32), position % 2, *np.split(position, [60, 80]))
    few = thinned(fold, 30, seed=1)
    assert (len(few.fit), len(few.stop)) == (30, 10)
    assert set(few.fit) < set(fold.fit)
    assert set(few.stop) < set(fold.stop)
    assert few.x is fold.x
    assert few.score is fold.score
    assert thinned(fold, 60, seed=1) is thinned(fold, None, seed=1) is fold


def test_key_figures_are_finite_and_fit_for_mlflow(params: Params) -> None:
    _, comparison, _ = compared(params, 2)
    figures = key_figures(comparison)
    assert 5 <= len(figures) < 12
    for name, value in figures.items():
        assert re.fullmatch(r"\w+", name)
        assert np.isfinite(value), name


def test_tables_hold_what_is_no_key_figure(params: Params) -> None:
    _, comparison, _ = compared(params, 2)
    others = tables(comparison)
    assert set(others) == {"ablation", "metrics", "further"}
    further = others["further"].set_index("figure")["value"]
    assert {"variance_difference", "reference_as_large", "mcnemar_p"} <= set(further.index)
    assert np.isfinite(further).all()
    metrics = others["metrics"].set_index("metric")
    assert set(metrics.index) == set(comparison.metrics)
    assert metrics.loc["roc_auc", "tuned"] == comparison.metrics["roc_auc"].tuned.estimate
    assert comparison.ablation
    rows = [*comparison.ablation.rows, *comparison.ablation.parts]
    assert len(others["ablation"]) == len(rows)
    _, judged, _ = evaluated(params)
    assert judged.evaluation
    arms = tables(judged)["arms"]
    assert list(arms["arm"])[: len(judged.evaluation.arms)] == [
        arm.title for arm in judged.evaluation.arms
    ]
