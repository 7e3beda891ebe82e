"""The registered model in service, beside the same network as Keras served it before."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import psutil

from benchmarks.timing import seconds
from benchmarks.whole import ENVIRONMENT, ROOT

# Versions 1 and 2 of the model, which `served_models` registers.
SIDES = ("numpy", "keras")
NAME = "bench-net"
ROUNDS = 3
REQUESTS = 200
START_S = 300


def serving() -> dict[str, dict[str, float]]:
    """Median figures of each side, each in processes of its own; the sides alternate.

    Loaded: from the start of the process's imports to the first prediction, the most memory it
    held by then, one row, and rows a second in one batch. Served: the same of `mlflow models serve`
    with JSON over HTTP, where memory is that of all its processes after the requests.
    """
    with tempfile.TemporaryDirectory() as folder:
        environment = ENVIRONMENT | {"MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db"}
        _python(["benchmarks.served_models", folder], environment)
        found: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
        for _ in range(ROUNDS):
            for number, rounds in enumerate(found.values(), start=1):
                model = f"models:/{NAME}/{number}"
                loaded = json.loads(_python(["benchmarks.loading", folder, model], environment))
                rounds.append(loaded | _served(model, Path(folder), environment))
    return {
        side: {figure: median(each[figure] for each in rounds) for figure in rounds[0]}
        for side, rounds in found.items()
    }


def _python(arguments: list[str], environment: Mapping[str, str]) -> str:
    command = [sys.executable, "-m", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout.splitlines()[-1] if done.stdout else ""


def _served(model: str, folder: Path, environment: Mapping[str, str]) -> dict[str, float]:
    """Serve a model, and time it through HTTP."""
    import pandas as pd

    row = pd.read_parquet(folder / "rows.parquet").head(1).to_dict(orient="records")
    body = json.dumps({"dataframe_records": row}).encode()
    start = time.perf_counter()
    with _server(model, folder, environment) as (process, address):
        while not _answer(f"{address}/ping"):
            if process.poll() is not None or time.perf_counter() - start > START_S:
                raise SystemExit(f"bench: mlflow models serve failed, see {folder}/server.log")
            time.sleep(0.02)
        started = time.perf_counter() - start
        if not _answer(f"{address}/invocations", body):
            raise SystemExit(f"bench: the served model refuses a row, see {folder}/server.log")
        times = [seconds(lambda: _answer(f"{address}/invocations", body)) for _ in range(REQUESTS)]
        every = [process, *process.children(recursive=True)]
        held = [each.memory_info().rss for each in every]
    return {
        "served_start_s": started,
        "served_one_row_ms": median(times) * 1e3,
        "served_mb": sum(held) / 1e6,
    }


@contextmanager
def _server(
    model: str, folder: Path, environment: Mapping[str, str]
) -> Iterator[tuple[psutil.Popen, str]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["mlflow", "models", "serve", "-m", model, "--env-manager", "local"]
    with Path(folder, "server.log").open("w") as log:
        process = psutil.Popen(
            [*command, "--port", str(port)], env=environment, stdout=log, stderr=log
        )
        try:
            yield process, f"http://127.0.0.1:{port}"
        finally:
            for child in [*process.children(recursive=True), process]:
                child.terminate()
            process.wait()


def _answer(address: str, body: bytes | None = None) -> bytes:
    """Return the answer to a request; nothing if there is none."""
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return bytes(answer.read())
    except OSError:
        return b""
