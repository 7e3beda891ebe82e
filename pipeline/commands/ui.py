"""Command `ui`: open MLflow's UI over this project's database, beginning with the comparisons."""

from __future__ import annotations

import argparse
import os
import socket
import sys

from pipeline.config.errors import InputError
from pipeline.project.run_stage import run_stage
from pipeline.tracking.store.client import connect
from pipeline.tracking.store.environment import DEFAULT_STORE
from pipeline.tracking.store.experiment_page import newest_page

HOST, PORT = "127.0.0.1", 5000
LAST_PORT = 65535
# MLflow's server imports a part of Starlette that is to be replaced; only MLflow can mend that.
QUIET = "ignore:starlette.middleware.wsgi::mlflow.server.fastapi_app"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m pipeline.commands.ui", description=__doc__)
    parser.add_argument("--port", default=str(PORT), help="where to listen on this machine")
    port = free_port(parser.parse_args().port)
    os.environ["MLFLOW_TRACKING_URI"] = DEFAULT_STORE
    os.environ["PYTHONWARNINGS"] = ",".join(filter(None, [os.environ.get("PYTHONWARNINGS"), QUIET]))
    page = newest_page(connect())
    sys.stdout.write(f"Open http://{HOST}:{port}/{page}\n")
    sys.stdout.flush()
    listen = ["--host", HOST, "--port", str(port), "--workers", "1"]
    server = [sys.executable, "-m", "mlflow", "server", *listen]
    os.execv(sys.executable, [*server, "--backend-store-uri", DEFAULT_STORE])


def free_port(text: str) -> int:
    """Return the port; `InputError` if it is none, or something listens there."""
    port = int(text) if text.isascii() and text.isdecimal() else 0
    if not 0 < port <= LAST_PORT:
        raise InputError(
            f"PORT is {text!r}, want a number from 1 to {LAST_PORT}. Choose one, e.g. PORT=5001."
        )
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise InputError(
                f"port {port}: cannot be listened on ({error.strerror}), want a free one."
                f" Choose another, e.g. make ui PORT={min(port + 1, LAST_PORT)}."
            ) from None
    return port


if __name__ == "__main__":
    run_stage(main)
