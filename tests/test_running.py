"""What is skipped is not passed over in silence, and what shares a fixture shares a process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import NOT_INSTALLABLE, ROOT

HOOKS = """
from tests.conftest import pytest_addoption, pytest_runtest_makereport, pytest_terminal_summary
from tests.conftest import pytest_xdist_make_scheduler
"""
TESTS = f"""
import pytest
def test_pages(): pytest.skip("no browser: install one")
def test_table(): pytest.skip("{NOT_INSTALLABLE}labor.csv")
def test_passes(): pass
"""

# Each test notes the process that it runs in.
WORKER = """
import os, pathlib, pytest
@pytest.mark.parametrize("number", range(3))
def test_some(number):
    file = pathlib.Path(__file__)
    with (file.parents[1] / f"{file.stem}.txt").open("a") as notes:
        print(os.environ["PYTEST_XDIST_WORKER"], file=notes)
"""


def pytest_output(folder: Path, *options: str, code: int) -> str:
    (folder / "conftest.py").write_text(HOOKS)
    (folder / "pytest.ini").write_text("[pytest]\n")
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
    (tmp_path / "test_some.py").write_text(TESTS)
    printed = pytest_output(tmp_path, "-m", "not long", code=0)
    assert printed.splitlines()[-2] == (
        f"Not tried: 1 test (no browser: install one); 1 test ({NOT_INSTALLABLE}labor.csv);"
        " the long tests (make test-all)."
    )


def test_no_skips_fails_for_want_of_what_can_be_installed(tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text(TESTS)
    printed = pytest_output(tmp_path, "--no-skips", code=1)
    assert "this test was skipped: no browser: install one" in printed
    assert f"Not tried: 1 test ({NOT_INSTALLABLE}labor.csv)." in printed
    assert "1 failed, 1 passed, 1 skipped" in printed


@pytest.mark.parametrize("name", ["unit", "e2e"])
def test_tests_share_a_process_where_they_share_a_fixture(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "test_free.py").write_text(WORKER)
    (tmp_path / name / "test_made.py").write_text(f'# scope="module"\n{WORKER}')
    pytest_output(tmp_path, "-n", "2", "--dist", "loadscope", "--no-loadscope-reorder", code=0)
    workers = {
        file: set((tmp_path / f"{file}.txt").read_text().split())
        for file in ("test_free", "test_made")
    }
    assert len(workers["test_free"]) == (2 if name == "e2e" else 1)
    assert len(workers["test_made"]) == 1
