"""Numbers and terms of a report: the same in figures, tables and text, as people write them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest

from pipeline.comparison.result import Comparison
from pipeline.config.params import Params
from pipeline.report import render
from pipeline.report.render import sort_key
from pipeline.report.sections import report
from tests.comparison.toy import FORMULA, SCRIPT, compared, evaluated
from tests.made_evaluation import evaluation
from tests.report.made_report import CASES, TABLES, comparison

# What the toy data calls its columns and classes, and what a machine calls things.
OTHERS = (SCRIPT, FORMULA, "-|`$x$", "breast_cancer-", "scikit-learn", "SHA-256")


def texts(c: Comparison, page: str) -> Iterator[str]:
    """All that people read: the page's texts, its charts' among them, and what is only hovered."""
    body = re.sub(r"<(style|script)>.*?</\1>", "", page, flags=re.DOTALL)
    for text in (
        *re.findall(r">([^<]+)<", body),
        *re.findall(r"aria-label=\"([^\"]*)\"", body),
        c.sentence,
        c.test_sentence,
    ):
        plain = unescape(text)
        for other in OTHERS:
            plain = plain.replace(other, "")
        yield plain


def reports(params: Params) -> Iterator[tuple[Comparison, str]]:
    for made, tables in (compared(params, 2)[1:], compared(params, 3)[1:], evaluated(params)[1:]):
        yield made, render.html(made, tables)
    for estimate, reach in CASES.values():
        made = comparison(evaluation(estimate, reach), -0.08)
        yield made, render.html(made, TABLES)


def test_numbers_are_written_as_people_write_them(params: Params) -> None:
    for made, page in reports(params):
        for text in texts(made, page):
            assert not re.search(r"(?<![\w.)])-\d", text), f"a hyphen for a minus: {text}"
            assert not re.search(r"(?<![\d.])0\.0+(?![\d])", text), f"nothing but zeros: {text}"
            assert not re.search(r"\b(inf|nan)\b|\de[-+]\d|<=|>=", text), f"for machines: {text}"
            assert not re.search(r"(size|epochs|rows) \d+\.0\b", text), f"a whole number: {text}"
            assert not re.search(r"\d %|\d%", text), f"a percent sign that may break off: {text}"


def test_one_network_has_one_name(params: Params) -> None:
    for made, page in reports(params):
        shown = "\n".join(texts(made, page))
        # The registry's aliases are the gate's affair, and a trial may be best, but no network.
        assert not re.search(r"challenger|champion|best network|best model", shown)
        assert not re.search(r"(from|than|against|with|of) none\b", shown, re.IGNORECASE)
        assert "(None)" not in shown


def test_tuned_and_baseline_are_defined_before_they_are_compared(params: Params) -> None:
    for made, page in reports(params):
        shown = re.sub(r"<(style|script)>.*?</\1>", "", page, flags=re.DOTALL)
        definition = shown.index("The tuned network has the mix of")
        assert definition < shown.index('<dl class="figures">') < shown.index("<h2")
        if made.evaluation:
            assert shown.index("An arm is a way to train") < shown.index("Every arm")


def test_figures_of_a_chart_stand_in_its_table(params: Params) -> None:
    """The values at the right of the arms are those of the table, to the digit."""
    _, made, tables = evaluated(params)
    page = render.html(made, tables)
    chart = page[page.index('aria-label="Change in log loss of each arm') :]
    values = re.findall(r'text-anchor="end" font-weight="\d00"[^>]*>([+−0-9.,×⁻¹²³]+)</text>',
                        chart[: chart.index("</svg></div>")])  # fmt: skip
    table = page[page.index("<caption>Every arm") : page.index("</table>")]
    assert len(values) == 6
    for value in values:
        assert f">{value}</td>" in table


def test_every_table_has_as_many_cells_as_columns(params: Params) -> None:
    for made, _ in reports(params):
        for block in report(made):
            if block.kind == "table":
                assert {len(row) for row in block.rows} <= {len(block.header)}, block.caption


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("−0.111", -0.111), ("> 99\N{NO-BREAK SPACE}%", 99), ("+1.4×10⁻⁷", 1.4e-7),
        ("10⁻⁷", 1e-7), ("1,234", 1234), ("0.5 (0.1 to 0.9)", 0.5), ("−0.2 to +0.3", -0.2),
        ("helps", None), ("off", None), ("", None),
    ],
)  # fmt: skip
def test_cells_sort_by_the_number_that_they_begin_with(cell: str, number: float | None) -> None:
    key = sort_key(cell)
    assert (None if key is None else float(key)) == number
