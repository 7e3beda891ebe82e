from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from pipeline.comparison.assessment import Predictions
from pipeline.comparison.circumstances import Circumstances, SearchOutcome
from pipeline.comparison.judge import judge
from pipeline.comparison.kinds import Kind
from pipeline.comparison.networks import Networks
from pipeline.comparison.plan import Findings
from pipeline.comparison.result import Comparison, Data
from pipeline.config.sections.compare import CompareParams
from pipeline.config.sections.network import LayerParams
from pipeline.config.sections.regularization import OFF, Regularization
from pipeline.report import figure_data as curves
from pipeline.report import render as report
from pipeline.report.figures.charts import charts
from pipeline.report.head import duration, made_line
from pipeline.tasks.arrays import Floats, Labels
from pipeline.tasks.classification import probabilities
from pipeline.text.numbers import between, fixed
from pipeline.training.architecture import Architecture
from pipeline.training.fit import Fit

EVIL = "<script>alert(1)</script>|`=cmd()`"
SOME = Regularization(dropout=0.4, l1=1e-5, l2=1e-4, patience=7)


def judged(
    networks: dict[Kind, Networks],
    p: dict[Kind, Floats],
    y: Labels,
    data: Data,
    search: SearchOutcome,
    compare: CompareParams,
) -> Comparison:
    architecture = Architecture(3, 2, (LayerParams(units=4),), False, False)
    findings = Findings(networks, architecture, fitting_rows=data.rows["train"])
    predictions = Predictions(p, p["tuned"], y, data.classes)
    return judge(findings, predictions, None, Circumstances(data, search), compare)


@pytest.fixture
def comparison() -> Comparison:
    rng = np.random.default_rng(3)
    y = np.r_[0, 1, rng.integers(0, 2, 58)].astype(np.int32)

    def fits(strength: float) -> list[Fit]:
        return [
            Fit(
                weights=[],
                loss=np.array([0.6, 0.4]),
                val_loss=np.array([0.6, 0.3 + 0.1 * seed]),
                kept_epoch=1,
                score_logits=strength * (2 * y[:, None] - 1) + rng.normal(size=(60, 1)),
            )
            for seed in (2, 0, 1)
        ]

    networks = {
        "tuned": Networks(SOME, [7, 8, 9], fits(3.0)),
        "baseline": Networks(OFF, [7, 8, 9], fits(1.0)),
    }
    p = {kind: probabilities(one.logits[one.registered]) for kind, one in networks.items()}
    data = Data(
        name=EVIL,
        description=EVIL,
        classes=("no", EVIL),
        positive=EVIL,
        columns=3,
        rows={"train": 200, "val": 50, "test": 60},
        findings=(f"{EVIL}: one value in every row; used in images only",),
    )
    compare = CompareParams(seeds=3, resamples=300, confidence=0.95)
    return judged(networks, p, y, data, SearchOutcome("toy-abc", 4, 16), compare)


def tables() -> dict[str, pd.DataFrame]:
    p = probabilities(np.array([[-1.0], [2.0], [-0.5], [0.3], [1.0]]))
    both, y = {"tuned": p, "baseline": p}, np.array([0, 1, 1, 0, 1])
    curve = (np.array([0.7, 0.3]), np.array([0.8, 0.4]))
    return {
        "roc": curves.roc_table(both, y, ["$no$", EVIL]),
        "pr": curves.pr_table(both, y, ["$no$", EVIL]),
        "learning": curves.learning_table({"tuned": [curve], "baseline": [curve]}),
    }


def test_registered_network_has_the_median_val_loss(comparison: Comparison) -> None:
    # Val losses 0.5, 0.3, 0.4 of seeds 7, 8, 9.
    assert comparison.tuned.registered_seed == 9


def test_clear_difference_is_told_with_its_figures(comparison: Comparison) -> None:
    assert comparison.verdict == "helps"
    difference = comparison.metrics["log_loss"].difference
    assert fixed(abs(difference.estimate)) in comparison.sentence
    assert between(difference) in comparison.sentence


def test_a_search_that_keeps_the_baseline_is_said_to(comparison: Comparison) -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(2, 60, 1))
    y = np.r_[0, 1, rng.integers(0, 2, 58)]
    fits = [Fit([], np.array([0.5]), np.array([0.5]), 0, one) for one in logits]
    same = Networks(OFF, [7, 8], fits)
    p = probabilities(logits[0])
    compare = CompareParams(seeds=2, resamples=100, confidence=0.95)
    both = {"tuned": same, "baseline": same}
    search = SearchOutcome("toy-abc", 0, 16)
    result = judged(both, dict.fromkeys(both, p), y, comparison.data, search, compare)
    assert result.verdict == "no detectable difference"
    assert "nothing better than the baseline" in result.sentence
    assert "would probably have shown" not in result.sentence


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        given = dict(attributes)
        self.addresses += [str(given[name]) for name in ("src", "href") if name in given]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_html_is_self_contained_and_shows_names_as_text(comparison: Comparison) -> None:
    text = report.html(comparison, tables())
    page = Page()
    page.feed(text)
    assert page.tags.count("script") == 1
    assert all(address.startswith("#section-") for address in page.addresses)
    assert EVIL in "".join(page.texts)
    assert comparison.sentence in "".join(page.texts)


def test_when_it_was_made_is_a_line_of_the_page_and_of_nothing_else(
    comparison: Comparison,
) -> None:
    line = made_line(datetime(2026, 5, 1, 9, 30, tzinfo=UTC), "0123456789abcdef", True, 31.4)
    assert line == (
        "Made on 1 May 2026, 09:30 UTC, from commit 0123456789ab with uncommitted changes."
        " The comparison took 31 s."
    )
    page = report.html(comparison, tables(), line).splitlines()
    page.remove(f'<p class="made">{line}</p>')
    assert page == report.html(comparison, tables()).splitlines()
    assert [duration(seconds) for seconds in (0.1, 89, 90, 3600, 9000)] == [
        "1 s", "89 s", "2 min", "60 min", "2 h 30 min"
    ]  # fmt: skip
    assert "outside a git repository" in made_line(datetime.now(UTC), None, False, 1)


def test_markdown_shows_names_as_text(comparison: Comparison) -> None:
    text = report.markdown(comparison, "figures")
    assert "<script>" not in text.replace(r"\<script\>", "")
    assert r"\<script\>alert(1)\</script\>\|\`=cmd()\`" in text
    for line in text.splitlines():
        if line.startswith("| Log loss"):
            assert len(re.findall(r"(?<!\\)\|", line)) == 7


def test_json_holds_all_that_is_said(comparison: Comparison) -> None:
    again = Comparison.model_validate_json(json.dumps(comparison.model_dump()))
    assert again == comparison
    assert again.schema_version == 4


def test_charts_are_drawn_from_any_names_and_the_same_each_time(comparison: Comparison) -> None:
    drawn = charts(comparison, tables(), "720")
    assert {"learning", "roc", "pr", "confusion_tuned", "differences"} <= set(drawn)
    assert drawn == charts(comparison, tables(), "720")
    for chart in drawn.values():
        assert "<script" not in chart
        ET.fromstring(chart)


def test_learning_table_counts_the_seeds_still_training() -> None:
    short = (np.array([0.5]), np.array([0.6]))
    long = (np.array([0.7, 0.3]), np.array([0.8, 0.4]))
    table = curves.learning_table({"tuned": [short, long], "baseline": [long, long]})
    best = table[(table.model == "tuned") & (table.rows == "val")]
    assert best.loss.tolist() == pytest.approx([0.7, 0.4])
    assert best.seeds.tolist() == [2, 1]
    wide = curves.means_by_curve(table)
    assert list(wide.columns) == [
        "epoch", "tuned_train", "tuned_val", "baseline_train", "baseline_val"
    ]  # fmt: skip
    assert wide.epoch.tolist() == [1, 2]
