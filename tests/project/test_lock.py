from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.config.errors import InputError
from pipeline.project.lock import HOLDER, exclusive

HOLD = """
import time
from pipeline.project.lock import exclusive
with exclusive():
    print("held", flush=True)
    time.sleep(60)
"""


def test_second_process_is_told_who_holds_the_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", HOLD]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": str(root)}
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(InputError, match=f"held by process {holder.pid} since 20"), exclusive():
            pass
        holder.kill()
    # The system frees the lock of a process that was killed.
    with exclusive():
        assert HOLDER.exists()
    assert not HOLDER.exists()
