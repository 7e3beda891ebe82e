from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from checks import figures


def test_pages_have_the_figures_of_the_runs() -> None:
    for name in figures.PAGES:
        page = (figures.ROOT / name).read_text()
        assert figures.redraw(page) == page, "python -m checks.figures --write"
        assert "<!-- drawn: " in page


def test_every_picture_of_a_page_is_there_and_every_picture_is_shown() -> None:
    shown = {
        (page.parent / name).resolve()
        for page in (figures.ROOT / "README.md", *figures.RUNS.parent.glob("*.md"))
        for name in re.findall(r"!\[[^]]*\]\(([^)]+)\)", page.read_text())
    }
    docs = figures.RUNS.parent
    assert shown == {file.resolve() for kind in ("png", "svg") for file in docs.glob(f"*.{kind}")}


def test_another_run_changes_the_figures(tmp_path: Path) -> None:
    run = json.loads((figures.RUNS / "digits.json").read_text())
    run["answer"] = "No: it hurts."
    run["arms"][0]["log_loss"] = 9.8765
    (tmp_path / "digits.json").write_text(json.dumps(run))
    page = (figures.ROOT / "docs/worked-example.md").read_text()
    redrawn = figures.redraw(page, tmp_path)
    assert "> **No: it hurts.**" in redrawn
    assert "| Baseline | 9.877 |" in redrawn


def test_a_page_cannot_name_a_run_that_is_not_there() -> None:
    with pytest.raises(FileNotFoundError):
        figures.redraw("<!-- drawn: answer of nothing -->\n<!-- end -->")
