"""Small, real inputs that tests share, and what `make test` and `.ci/run` ask of pytest."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Generator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from pipeline.config.params import Params, parse_params
from pipeline.data.description import describe
from pipeline.data.schema import Schema
from pipeline.data.table import Table

ROOT = Path(__file__).parents[1]
NOT_LONG = "not long"
# How the reason of a skip begins that `--no-skips` lets pass.
NOT_INSTALLABLE = "cannot be installed: "


@pytest.fixture
def raw_params() -> dict[str, Any]:
    """The project's params.yaml as plain values, free to be changed."""
    return copy.deepcopy(YAML(typ="safe").load(ROOT / "params.yaml"))


@pytest.fixture
def params(raw_params: dict[str, Any]) -> Params:
    """Parameters of a run that takes a second: a small network, few epochs."""
    raw_params["network"]["layers"] = [{"units": 8, "dropout": True}, {"units": 4}]
    raw_params["train"]["max_epochs"] = 4
    raw_params["search"] |= {"trials": 6, "batch": 2}
    raw_params["compare"] |= {"seeds": 2, "resamples": 200, "curve_points": 2}
    raw_params["compare"] |= {"bootstrap_sets": 3, "reference_repeats": 3}
    raw_params["evaluate"] |= {"folds": 3, "repeats": 2, "trials": 7, "strengths": 1}
    return parse_params(raw_params)


@pytest.fixture
def table() -> Table:
    """Two numeric columns and a category, with gaps, and two classes that they tell apart."""
    rng = np.random.default_rng(7)
    y = rng.integers(0, 2, 120)
    frame = pd.DataFrame(
        {
            "width": rng.normal(y, 0.8),
            "count": rng.poisson(3 + 2 * y),
            "colour": rng.choice(["red", "green", "blue"], 120),
            "outcome": np.where(y == 1, "yes", "no"),
        }
    )
    frame.loc[::17, "width"] = np.nan
    frame.loc[::23, "colour"] = None
    return Table("toy", "A toy table", frame, "outcome", ("no", "yes"))


@pytest.fixture
def schema(table: Table) -> Schema:
    return describe(table, group=None)


Change = Callable[[dict[str, Any]], object]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--no-skips",
        action="store_true",
        help="fail a test that is skipped for want of what can be installed",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let tests that run the pipeline begin before unit tests, which fill the gaps at the end."""
    items.sort(key=_place)
    # While one process makes the finished run, the others have tests that do not wait for it.
    first = next((item for item in items if "finished" in _fixtures(item)), None)
    if first is not None:
        items.remove(first)
        items.insert(0, first)


def _place(item: pytest.Item) -> int:
    if "finished" in _fixtures(item):
        return 1
    return 0 if "fresh" in _fixtures(item) else 2


def _fixtures(item: pytest.Item) -> set[str]:
    return set(getattr(item, "fixturenames", ()))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Under `--dist loadscope`, let the tests of a file run in one process where they share things.

    Tests in `e2e/` run wherever there is room, unless their file has a fixture of its own that is
    made once for the file. (xdist's own groups do nothing with pytest 9.2: they set the id of a
    test, which pytest no longer reads.)
    """
    if config.getoption("dist") != "loadscope":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::")[0]
            return file if _shares(config.rootpath, file) else nodeid

    return ByFile(config, log)


@cache
def _shares(root: Path, file: str) -> bool:
    return "e2e" not in Path(file).parts or 'scope="module"' in (root / file).read_text()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, pytest.TestReport]:
    """Under `--no-skips`, make a failure of a skip."""
    report: pytest.TestReport = yield
    reason = skip_reason(report)
    if item.config.getoption("--no-skips") and reason and not reason.startswith(NOT_INSTALLABLE):
        report.outcome = "failed"
        report.longrepr = f"--no-skips was given, and this test was skipped: {reason}"
    return report


def skip_reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Return why a test was skipped, and nothing of one that was not."""
    if report.outcome != "skipped" or not isinstance(report.longrepr, tuple):
        return ""
    return report.longrepr[2].removeprefix("Skipped: ")


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say in one closing line what was not tried, and how to have it tried."""
    skipped = Counter(skip_reason(report) for report in terminalreporter.stats.get("skipped", []))
    parts = [f"{count} test{'s' * (count > 1)} ({reason})" for reason, count in skipped.items()]
    if config.getoption("markexpr") == NOT_LONG:
        parts.append("the long tests (make test-all)")
    if parts:
        terminalreporter.write_line(f"Not tried: {'; '.join(parts)}.", yellow=bool(skipped))
