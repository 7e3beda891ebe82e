"""The report still has the parts that docs/reading-the-report.md numbers and explains."""

from __future__ import annotations

import re
from pathlib import Path

from tests.e2e.browser import browsing
from tests.e2e.conftest import ROOT, Finished
from tests.e2e.pictures import MARKED


def test_each_number_marks_a_part_of_the_report(finished: Finished, tmp_path: Path) -> None:
    page = (ROOT / "docs/reading-the-report.md").read_text()
    explained = re.findall(r"^(\d)\. \*\*", page, re.MULTILINE)
    assert explained == [str(number) for number in range(1, len(MARKED) + 1)]
    with browsing(tmp_path / "profile") as browser:
        browser.open((finished.project.path / "reports/comparison.html").as_uri(), "help")
        browser.mark(*MARKED)
        text = browser.text()
    assert all(f"\n{number}" in text for number in explained)
