from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import mlflow
import pytest
from mlflow import MlflowClient

from pipeline.config.errors import InputError
from pipeline.tracking.store.client import connect, experiment_id

PASSWORD = "hunter2"


def test_a_deleted_experiment_says_how_to_restore_it(client: MlflowClient) -> None:
    number = experiment_id(client, "toy")
    client.delete_experiment(number)
    with pytest.raises(InputError) as caught:
        experiment_id(client, "toy")
    message = str(caught.value)
    assert "experiment 'toy'" in message
    assert "does not answer" not in message
    # Advice that is obeyed as it is written.
    command = f"mlflow experiments restore --experiment-id {number}"
    assert command in message
    client.restore_experiment(number)
    assert experiment_id(client, "toy") == number


@pytest.fixture
def refusing(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a server that answers everything with a status and MLflow's JSON or a page."""
    status, body = request.param

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        do_POST = do_GET  # noqa: N815

        def log_message(self, *arguments: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://me:{PASSWORD}@127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("refusing", "status"),
    [
        ((401, "You are not authenticated. Please see the documentation."), 401),
        ((401, '{"error_code": "UNAUTHENTICATED", "message": "Who are you?"}'), 401),
        ((403, "Permission denied"), 403),
        ((403, '{"error_code": "PERMISSION_DENIED", "message": "Not you."}'), 403),
    ],
    indirect=["refusing"],
)
def test_a_server_that_wants_another_user_is_no_silent_one(
    refusing: str, status: int, client: MlflowClient
) -> None:
    mlflow.set_tracking_uri(refusing)
    with pytest.raises(InputError) as caught:
        experiment_id(connect(), "toy")
    message = str(caught.value)
    assert f"refuses ({status}" in message
    assert "MLFLOW_TRACKING_USERNAME" in message
    assert "does not answer" not in message
    assert PASSWORD not in message
    assert "\n" not in message
