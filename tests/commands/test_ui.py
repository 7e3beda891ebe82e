from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import mlflow
import pytest

from pipeline.commands.ui import free_port
from pipeline.config.errors import InputError
from pipeline.tracking.store.client import connect, experiment_id

ROOT = Path(__file__).parents[2]
START_S = 180


def test_a_busy_port_is_one_line() -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        with pytest.raises(InputError, match=rf"^port {port}: .* e\.g\. make ui PORT={port + 1}\."):
            free_port(str(port))
    assert free_port(str(port)) == port


@pytest.mark.parametrize("text", ["", "0", "65536", "-1", "http", "5000.0", "\u0665"])
def test_what_is_no_port_is_one_line(text: str) -> None:
    with pytest.raises(InputError, match=r"^PORT is .*, want a number from 1 to 65535"):
        free_port(text)


def test_the_link_opens_the_comparisons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    number = experiment_id(connect(), "toy")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    printed = tmp_path / "printed.txt"
    with (
        printed.open("w") as errors,
        subprocess.Popen(
            [sys.executable, "-m", "pipeline.commands.ui", "--port", str(port)],
            env=os.environ
            | {"PYTHONPATH": str(ROOT), "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        ) as server,
    ):
        try:
            assert server.stdout is not None
            link = re.fullmatch(r"Open (http\S+)\n", server.stdout.readline())
            assert link is not None
            page = "workflowType=machine_learning&viewStateShareKey=comparisons"
            assert link[1] == f"http://127.0.0.1:{port}/#/experiments/{number}/runs?{page}"
            deadline = time.monotonic() + START_S
            while not answers(f"http://127.0.0.1:{port}/health"):
                assert server.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.2)
            assert "Warning" not in printed.read_text()
        finally:
            os.killpg(server.pid, signal.SIGTERM)


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
