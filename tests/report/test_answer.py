"""The first screen answers, draws what it says, and the report does not contradict it."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from pipeline.evaluation.answer import answer
from pipeline.evaluation.result import Evaluation
from pipeline.report import render as report
from pipeline.report.figures.charts import charts
from pipeline.report.figures.interval_chart import MARKS
from pipeline.report.sections import last_lines
from pipeline.report.sections.answer import answer as first_screen
from pipeline.report.sections.test_rows import disagreement
from tests.made_evaluation import evaluation
from tests.report.made_report import CASES, TABLES, comparison

SVG = "{http://www.w3.org/2000/svg}"
LEAST_TEXT_PX = 12
DESCRIPTION_LETTERS = 4500


@pytest.mark.parametrize("case", CASES)
def test_first_screen_has_answer_picture_and_three_figures(case: str) -> None:
    made = evaluation(*CASES[case])
    kinds = [block.kind for block in first_screen(comparison(made, -0.08))]
    assert kinds == ["statement", "text", "figures", "chart", "text"]
    page = report.html(comparison(made, -0.08), TABLES)
    screen = page[page.index("<h1>") : page.index("<nav")]
    assert answer(made) in screen
    for word in ("The tuned network has the mix of", "the baseline is", "Log loss says"):
        assert word in screen
    assert screen.count('<dd class="value">') == 3
    assert "<svg" in screen
    # A figure of zeros says nothing: small ones keep two digits that count.
    assert not re.search(r"\b0\.0+\b(?!\d)", screen), screen


def test_without_an_evaluation_the_first_screen_says_so() -> None:
    made = comparison(None, -0.02)
    text = report.markdown(made, "figures")
    start = text[: text.index("\n## ")]
    assert "by the test rows alone" in start
    assert r"evaluate.folds is 0" in start
    assert "86 test rows of one split" in start
    assert "arms.svg" not in text
    assert disagreement(made) is None


def test_terminal_ends_with_the_answer() -> None:
    made = evaluation(-0.08)
    lines = last_lines(comparison(made, -0.08))
    assert len(lines) == 4
    assert lines[-1] == f"Does regularization help on toy? {answer(made)}"


def test_description_in_mlflow_begins_with_the_answer_and_is_short() -> None:
    note = report.note(comparison(evaluation(-0.08), 0.08), "Reproduce.")
    assert note.startswith("> **Yes: with the tuned settings")
    assert len(note) < DESCRIPTION_LETTERS
    assert "svg" not in note
    assert "Why these rows point the other way" in note


@pytest.mark.parametrize(
    ("estimate", "test_change", "said"),
    [
        (-0.08, -0.2, None),
        (-0.08, -0.02, "Why these rows say something else than the answer above"),
        (-0.08, 0.02, "Why these rows point the other way than the answer above"),
        (-0.08, 0.2, "Why these rows point the other way than the answer above"),
        (-0.02, -0.02, None),
        (-0.02, -0.2, "Why these rows say something else than the answer above"),
    ],
)
def test_report_says_why_the_test_rows_differ(
    estimate: float, test_change: float, said: str | None
) -> None:
    made = comparison(evaluation(estimate), test_change)
    text = disagreement(made)
    if said is None:
        assert text is None
        return
    assert text is not None
    assert text.startswith(said)
    assert text.count(". ") == 0
    assert "86 rows of one split" in text
    assert text in report.markdown(made, "figures").replace("\\", "")


def drawn(made: Evaluation, width: str = "100%") -> ET.Element:
    return ET.fromstring(charts(comparison(made, -0.08), TABLES, width)["arms"])


def test_text_of_the_picture_keeps_its_size_at_any_width() -> None:
    svg = drawn(evaluation(-0.08))
    # A view box would shrink the text with the picture.
    assert "viewBox" not in svg.attrib
    assert svg.get("width") == "100%"
    assert int(svg.get("font-size", "0")) >= LEAST_TEXT_PX
    for text in svg.iter(f"{SVG}text"):
        assert int(text.get("font-size", LEAST_TEXT_PX)) >= LEAST_TEXT_PX
    assert drawn(evaluation(-0.08), "720").get("width") == "720"


def test_each_arm_is_drawn_in_its_verdicts_colour_and_tells_its_figures() -> None:
    made = evaluation(-0.08)
    rows = list(drawn(made).iter(f"{SVG}g"))
    compared = [arm for arm in made.arms if arm.difference]
    assert len(rows) == len(compared) == 6
    for row, arm in zip(rows, compared, strict=True):
        assert arm.difference
        title = row.find(f"{SVG}title")
        assert title is not None
        assert str(title.text).startswith(f"{arm.title}: ")
        assert arm.difference.verdict in str(title.text)
        lines = [line.get("stroke") for line in row.iter(f"{SVG}line")]
        assert lines == [MARKS[arm.difference.verdict].colour]


def test_better_is_to_the_left_and_labelled_so() -> None:
    svg = drawn(evaluation(-0.08))
    texts = [str(text.text) for text in svg.iter(f"{SVG}text")]
    assert "← better than the baseline" in texts
    assert "worse →" in texts

    def middle(row: ET.Element) -> float:
        mark = row.findall(f"{SVG}svg")[-1]
        return float(str(mark.get("x")).removesuffix("%"))

    rows = list(svg.iter(f"{SVG}g"))
    places = [middle(row) for row in rows]
    # Tuned mix -0.08, dropout -0.06, L1 -0.01, elastic net -0.02, batch normalization +0.3.
    assert places[0] < places[1] < places[3] < places[2] < places[4]
    assert all(0 <= place <= 100 for place in places)


def test_one_huge_interval_does_not_squeeze_the_others() -> None:
    made = evaluation(-0.08)
    arm = made.arms[2]
    assert arm.difference
    wide = arm.difference.loss.__class__(**{**vars(arm.difference.loss), "low": -50.0})
    difference = arm.difference.model_copy(update={"loss": wide})
    arms = (*made.arms[:2], arm.model_copy(update={"difference": difference}), *made.arms[3:])
    svg = drawn(made.model_copy(update={"arms": arms}))
    row = list(svg.iter(f"{SVG}g"))[1]
    # An arrow beside the mark says that the interval goes on.
    assert len(row.findall(f"{SVG}svg")) == 2
    tuned = next(svg.iter(f"{SVG}g")).find(f"{SVG}line")
    assert tuned is not None
    ends = [float(str(tuned.get(end)).removesuffix("%")) for end in ("x1", "x2")]
    assert ends[1] - ends[0] > 4
