"""A test that is skipped is never passed over in silence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import NOT_INSTALLABLE, ROOT

HOOKS = """
from tests.conftest import pytest_addoption, pytest_runtest_makereport, pytest_terminal_summary
"""
TESTS = f"""
import pytest
def test_pages(): pytest.skip("no browser: install one")
def test_table(): pytest.skip("{NOT_INSTALLABLE}labor.csv")
def test_passes(): pass
"""


def pytest_output(folder: Path, *options: str, code: int) -> str:
    (folder / "conftest.py").write_text(HOOKS)
    (folder / "test_some.py").write_text(TESTS)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def test_a_closing_line_says_what_was_not_tried_and_how_to_have_it_tried(tmp_path: Path) -> None:
    printed = pytest_output(tmp_path, "-m", "not long", code=0)
    assert printed.splitlines()[-2] == (
        f"Not tried: 1 test (no browser: install one); 1 test ({NOT_INSTALLABLE}labor.csv);"
        " the long tests (make test-all)."
    )


def test_no_skips_fails_for_want_of_what_can_be_installed(tmp_path: Path) -> None:
    printed = pytest_output(tmp_path, "--no-skips", code=1)
    assert "this test was skipped: no browser: install one" in printed
    assert f"Not tried: 1 test ({NOT_INSTALLABLE}labor.csv)." in printed
    assert "1 failed, 1 passed, 1 skipped" in printed
