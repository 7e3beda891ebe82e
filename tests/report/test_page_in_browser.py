"""The page as a browser shows it: on a desktop, on a phone, on paper."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.config.params import Params
from pipeline.report import render
from tests.comparison.toy import compared, evaluated
from tests.e2e.browser import Browser, browsing

DESKTOP, PHONE = 1280, 390
LEAST_LETTERS_PX = 12
# Letters of a chart that a reader would see on top of each other or cut off.
SPOILT = """
const spoilt = [];
for (const chart of document.querySelectorAll(".charts svg[role=img]")) {
  const frame = chart.getBoundingClientRect(), ticks = [];
  for (const text of chart.querySelectorAll("text")) {
    const box = text.getBoundingClientRect(), words = text.textContent;
    if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 1)
      spoilt.push(`${chart.getAttribute("aria-label")}: "${words}" is cut off`);
    if (parseFloat(getComputedStyle(text).fontSize) < LEAST)
      spoilt.push(`${chart.getAttribute("aria-label")}: "${words}" is small`);
    if (text.classList.contains("tick")) {
      for (const [other, place] of ticks)
        if (box.left < place.right && place.left < box.right && box.top < place.bottom - 4
            && place.top < box.bottom - 4)
          spoilt.push(`${chart.getAttribute("aria-label")}: "${words}" is on "${other}"`);
      ticks.push([words, box]);
    }
  }
}
return spoilt;
""".replace("LEAST", str(LEAST_LETTERS_PX))
CHANGES = """
const table = document.querySelector("details.printed table");
return [...table.tBodies[0].rows].map(row => row.cells[2].textContent);
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browsing(tmp_path_factory.mktemp("profile")) as window:
        yield window


@pytest.fixture
def page(params: Params, tmp_path: Path) -> str:
    _, made, tables = evaluated(params)
    return written(tmp_path / "page.html", render.html(made, tables, "Made on a day."))


def written(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return path.as_uri()


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
@pytest.mark.parametrize("which", ["evaluated", "two classes", "three classes"])
def test_letters_of_charts_are_whole_and_large_enough(
    browser: Browser, params: Params, tmp_path: Path, which: str, width: int
) -> None:
    made, tables = {
        "evaluated": lambda: evaluated(params),
        "two classes": lambda: compared(params, 2),
        "three classes": lambda: compared(params, 3),
    }[which]()[1:]
    browser.show(width)
    browser.open(written(tmp_path / "page.html", render.html(made, tables)), "Does regularization")
    assert browser.run(SPOILT) == []
    # What is wider scrolls by itself and says so; the page does not.
    assert browser.run("return document.documentElement.scrollWidth") <= width


def test_a_click_on_a_header_sorts_by_number(browser: Browser, page: str) -> None:
    browser.show(DESKTOP)
    browser.open(page, "Every arm against the baseline, as a table")
    browser.run("document.querySelector('details.printed').open = true")
    before = browser.run(CHANGES)
    browser.run("document.querySelector('details.printed thead').rows[0].cells[2].click()")
    browser.run("return new Promise(done => setTimeout(done, 200))")
    after = browser.run(CHANGES)
    assert after != before
    numbers = [float(text.replace("−", "-")) for text in after if text]
    assert numbers == sorted(numbers)
    # The baseline has no change and stands last.
    assert after[-1] == ""
    assert sorted(after) == sorted(before)


def test_nothing_that_the_data_brings_runs(browser: Browser, page: str, tmp_path: Path) -> None:
    text = Path(page.removeprefix("file://")).read_text(encoding="utf-8")
    added = "<script>document.title = 'ran'</script><img src=x onerror=\"document.title = 'ran'\">"
    browser.open(written(tmp_path / "evil.html", text.replace("<h1>", f"{added}<h1>")), "Does")
    assert browser.run("return document.title") != "ran"


def test_paper_shows_the_tables_that_serve_and_no_others(browser: Browser, page: str) -> None:
    browser.open(page, "Does regularization")
    browser.show(800, "print")
    try:
        heights = browser.run(
            "return [...document.querySelectorAll('details')].map(part =>"
            " [part.classList.contains('printed'), part.getBoundingClientRect().height])"
        )
        assert {printed for printed, _ in heights} == {True, False}
        for printed, height in heights:
            assert (height > 100) if printed else (height == 0)
        assert browser.run("return document.querySelector('nav').offsetHeight") == 0
    finally:
        browser.show(DESKTOP)
