"""The commands of docs/your-data.md, as they are written there."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.e2e.conftest import ROOT, SERVER_START_S, Project


def customers(rows: int = 200) -> pd.DataFrame:
    """Rows with the columns that the guide's request has."""
    rng = np.random.default_rng(3)
    left = rng.random(rows) < 0.4
    return pd.DataFrame(
        {
            "age": rng.integers(18, 80, rows),
            "plan": np.where(left, "basic", rng.choice(["basic", "plus"], rows)),
            "since": np.datetime64("2021-01-01") + rng.integers(0, 900, rows),
            "churn": np.where(left, "yes", "no"),
        }
    )


@pytest.mark.long
def test_the_guide_takes_a_csv_to_a_served_model(
    fresh: Callable[[], Project], tmp_path: Path
) -> None:
    found = re.search(r"```sh\n(.*?)```", (ROOT / "docs/your-data.md").read_text(), re.DOTALL)
    assert found is not None
    commands = found[1]
    assert len(re.sub(r"\\\n", "", commands).splitlines()) <= 10
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        commands = commands.replace("5001", str(probe.getsockname()[1]))

    project = fresh()
    # `make setup` has been done, or this test would not run; another 40 s would show nothing.
    for name, there in ((".venv", Path(sys.prefix)), (".tools", ROOT / ".tools")):
        (project.path / name).symlink_to(there, target_is_directory=True)
    for name in ("pyproject.toml", "uv.lock"):
        os.utime(project.path / name, (0, 0))
    customers().to_csv(tmp_path / "churn.csv", index=False)
    out, errors = tmp_path / "out", tmp_path / "errors"
    with out.open("w") as one, errors.open("w") as other:
        shell = subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", commands],
            cwd=project.path,
            env=project.environment | {"HOME": str(tmp_path)},
            stdout=one,
            stderr=other,
            start_new_session=True,
        )
    try:
        assert shell.wait(timeout=2 * SERVER_START_S) == 0, errors.read_text()
    finally:
        # The server that the commands leave running.
        os.killpg(shell.pid, signal.SIGTERM)
    (row,) = json.loads(out.read_text().splitlines()[-1])["predictions"]
    assert row["prediction"] in {"no", "yes"}
    assert row["probability_no"] + row["probability_yes"] == pytest.approx(1)
