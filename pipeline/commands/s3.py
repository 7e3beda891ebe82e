"""An S3 server on loopback, which forgets what it holds when it ends."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from pipeline.commands.services import HOST, Service, free_port, listens
from pipeline.config.errors import InputError

REGION = "us-east-1"
# It lets anybody in, and clients want to be somebody.
ANYBODY = {"AWS_ACCESS_KEY_ID": "anybody", "AWS_SECRET_ACCESS_KEY": "anything"}


@dataclass(frozen=True)
class S3:
    """A server that runs, and its process, which may be broken."""

    service: Service
    port: int

    @property
    def endpoint(self) -> str:
        """The address that clients are given in place of Amazon's."""
        return f"http://{HOST}:{self.port}"

    @property
    def variables(self) -> Mapping[str, str]:
        """Return the variables that clients need: boto3's own, and MLflow's."""
        address = {"AWS_ENDPOINT_URL": self.endpoint, "MLFLOW_S3_ENDPOINT_URL": self.endpoint}
        return {**ANYBODY, **address, "AWS_DEFAULT_REGION": REGION}


@contextmanager
def s3(buckets: Sequence[str], log: Path) -> Iterator[S3]:
    """Start a server with these buckets, for as long as the block lasts."""
    if find_spec("moto") is None or find_spec("boto3") is None:
        raise InputError(
            "moto is not installed, want it and the extra 'cluster'. Run make setup, which installs"
            " what uv.lock has."
        )
    port = free_port()
    command = [str(Path(sys.executable).with_name("moto_server")), "-H", HOST, "-p", str(port)]
    with Service("the S3 server", command, log, ready=lambda: listens(port)) as service:
        server = S3(service, port)
        client = s3_client(server)
        for bucket in buckets:
            client.create_bucket(Bucket=bucket)
        yield server


def s3_client(server: S3):  # type: ignore[no-untyped-def]
    """Return boto3's client of a server."""
    import boto3

    return boto3.client(
        "s3",
        endpoint_url=server.endpoint,
        region_name=REGION,
        aws_access_key_id=ANYBODY["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=ANYBODY["AWS_SECRET_ACCESS_KEY"],
    )
