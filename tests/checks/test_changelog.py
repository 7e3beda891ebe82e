from __future__ import annotations

import re
import tomllib
from datetime import date

from checks.figures import ROOT


def test_the_newest_release_is_the_version_of_the_package_and_has_a_date() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == "Unreleased"
    version, _, day = headings[1].partition(", ")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert version == project["version"]
    assert date.fromisoformat(day)
