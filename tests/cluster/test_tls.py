"""With certificates, nobody without one reaches the cluster."""

from __future__ import annotations

import datetime
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pipeline.cluster.settings import ADDRESS
from pipeline.commands.services import HOST, free_port, scheduler, worker

ROOT = Path(__file__).parents[2]
PREFIX = "DASK_DISTRIBUTED__COMM__"
ASK = """
from pipeline.cluster.chosen import chosen_cluster

from pipeline.config.errors import InputError


try:
    with chosen_cluster("mlp") as cluster:
        print("threads", cluster.threads())
except InputError as error:
    print(f"ERROR: {error}")
"""


def certificates(folder: Path) -> Mapping[str, str]:
    """Make an authority and a certificate of it, and return Dask's variables that use them."""
    authority, ca_key = _certificate("authority", None, None)
    own, key = _certificate("cluster", authority, ca_key)
    for name, certificate in (("ca", authority), ("cert", own)):
        (folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    variables = {f"{PREFIX}TLS__CA_FILE": str(folder / "ca.pem")}
    for role in ("SCHEDULER", "WORKER", "CLIENT"):
        variables[f"{PREFIX}TLS__{role}__CERT"] = str(folder / "cert.pem")
        variables[f"{PREFIX}TLS__{role}__KEY"] = str(folder / "key.pem")
    return {**variables, f"{PREFIX}REQUIRE_ENCRYPTION": "true"}


def _certificate(
    name: str, issuer: x509.Certificate | None, issuer_key: ec.EllipticCurvePrivateKey | None
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    today = datetime.datetime.now(datetime.UTC)
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(alternative, critical=False)
        .sign(issuer_key or key, hashes.SHA256())
    )
    return certificate, key


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The address of a scheduler that wants certificates, and the variables of who has one."""
    folder, port = tmp_path_factory.mktemp("tls"), free_port()
    variables = certificates(folder)
    with ExitStack() as stack:
        stack.enter_context(scheduler(folder, port, ["--protocol", "tls"], variables))
        stack.enter_context(worker(folder, "a", ["--protocol", "tls"], variables))
        yield f"tls://{HOST}:{port}", variables


def asked(address: str, variables: Mapping[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        env={**os.environ, **variables, ADDRESS: address},
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done.stdout


def test_certificate_lets_in(secured: tuple[str, Mapping[str, str]]) -> None:
    assert "threads 1" in asked(*secured)


def test_nobody_else_is_let_in(secured: tuple[str, Mapping[str, str]], tmp_path: Path) -> None:
    address, _ = secured
    strangers = ({}, certificates(tmp_path))
    for variables in strangers:
        said = asked(address, variables)
        assert said.startswith(f"ERROR: {ADDRESS}: no scheduler answers at {address}")
        assert said.count("\n") == 1
    said = asked(address.replace("tls://", "tcp://"), {})
    assert said.startswith(f"ERROR: {ADDRESS}: no scheduler answers")
