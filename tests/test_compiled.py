"""Machine code is kept for exactly the sources that it was made from."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from pipeline import compiled
from pipeline.compiled import EnvironmentCache
from pipeline.training import layout

ROOT = Path(__file__).parents[1]


def folder(checkout: Path) -> str:
    """Return the folder where a checkout's machine code is kept."""
    script = "from pipeline.compiled import FOLDER; print(FOLDER)"
    command = [sys.executable, "-c", script]
    return subprocess.run(command, cwd=checkout, check=True, capture_output=True, text=True).stdout


def test_checkouts_share_machine_code_as_long_as_their_modules_are_equal(
    tmp_path: Path,
) -> None:
    """Numba itself would not see a change in a function that another file's function calls."""
    shutil.copytree(ROOT / "pipeline", tmp_path / "pipeline")
    assert folder(tmp_path) == f"{compiled.FOLDER}\n"
    with (tmp_path / "pipeline/training/activations.py").open("a") as source:
        source.write("# another activation\n")
    assert folder(tmp_path) != f"{compiled.FOLDER}\n"


def test_only_this_packages_machine_code_is_kept_there() -> None:
    ours = EnvironmentCache.from_function(layout.Layout.of, layout.__file__)
    assert ours is not None
    assert ours.get_cache_path() == str(compiled.FOLDER)
    assert EnvironmentCache.from_function(folder, __file__) is None
