"""`make repro` runs on where DVC was ended while it wrote its own lock file."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOCK = ".dvc/tmp/rwlock"


def test_make_repro_deletes_an_empty_lock_file_of_dvc_and_no_other(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "dvc.yaml").write_text("stages:\n  touch:\n    cmd: touch made\n")
    run(tmp_path, 0, "git", "init", "--quiet")
    run(tmp_path, 0, "dvc", "init", "--quiet")
    lock = tmp_path / LOCK
    lock.parent.mkdir(exist_ok=True)

    lock.write_text("")
    assert "JSON structure is corrupted" in run(tmp_path, 255, "dvc", "repro")
    run(tmp_path, 0, "make", "repro", "READY=")
    assert (tmp_path / "made").exists()

    held = f'{{"write": {{"{tmp_path}/made": {{"pid": {os.getpid()}, "cmd": "dvc repro"}}}}}}'
    lock.write_text(held)
    run(tmp_path, 0, "make", "repro", "READY=")
    assert str(os.getpid()) in lock.read_text()


def run(folder: Path, code: int, *command: str) -> str:
    """Return what a command printed, once it has ended with this code."""
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {
        "PATH": programs,
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(folder / "site-cache"),
    }
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr
