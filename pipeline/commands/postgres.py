"""A PostgreSQL server on loopback, from the packages of the system, with databases of ours."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from pipeline.commands.services import HOST, Service, free_port
from pipeline.config.errors import InputError, one_line

# Where Debian keeps each version's programs.
DEBIAN = Path("/usr/lib/postgresql")
# The server refuses to run as root; Debian's package makes this user for it.
USER = "postgres"
ROLE = "pipeline"
PROGRAMS = ("initdb", "postgres")
NOT_INSTALLED = "PostgreSQL is not installed: apt-get install postgresql"


@dataclass(frozen=True)
class Postgres:
    """A server that runs, and its process, which may be broken and started again."""

    service: Service
    port: int
    password: str

    def url(self, database: str) -> str:
        """Return the address of a database, with its password."""
        return f"postgresql://{ROLE}:{self.password}@{HOST}:{self.port}/{database}"


def installed() -> bool:
    """Say whether the machine has PostgreSQL's programs, and a user to run them."""
    if any(_program(name) is None for name in PROGRAMS):
        return False
    try:
        return os.geteuid() != 0 or bool(pwd.getpwnam(USER))
    except KeyError:
        return False


@contextmanager
def postgres(databases: Sequence[str], log: Path) -> Iterator[Postgres]:
    """Start a new server with these databases; it and all it holds go when the block ends."""
    if not installed():
        raise InputError(f"{NOT_INSTALLED}, then run this again.")
    user = USER if os.geteuid() == 0 else None
    # Its own user has to reach it, and may not reach the project's folder.
    folder, password = Path(mkdtemp(prefix="postgres-")), secrets.token_urlsafe(16)
    try:
        word = folder / "password"
        word.touch(mode=0o600)
        word.write_text(password)
        if user:
            for path in (folder, word):
                shutil.chown(path, user, user)
        _initialize(folder / "data", word, user)
        port = free_port()
        # Connections by password alone, from this machine alone.
        options = ["-D", str(folder / "data"), "-h", HOST, "-p", str(port), "-k", ""]
        command = [str(_program("postgres")), *options]
        ready = _Ready(port, password)
        with Service(
            "PostgreSQL", command, log, ready, user=user, last=signal.SIGINT, folder=folder
        ) as service:
            for database in databases:
                _execute(port, password, f'create database "{database}"')
            yield Postgres(service, port, password)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Ready:
    """Says whether a server takes connections."""

    def __init__(self, port: int, password: str) -> None:
        self._port, self._password = port, password

    def __call__(self) -> bool:
        import psycopg

        try:
            _execute(self._port, self._password, "select 1")
        except psycopg.OperationalError:
            return False
        return True


def _initialize(data: Path, password: Path, user: str | None) -> None:
    command = [str(_program("initdb")), "-D", str(data), "-U", ROLE, "--auth=scram-sha-256"]
    command += [f"--pwfile={password}", "--encoding=UTF8", "--locale=C", "--no-sync"]
    made = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=data.parent,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
    )
    if made.returncode:
        why = one_line(made.stderr.strip().rpartition("\n")[2])
        raise InputError(f"PostgreSQL's initdb failed ({why}), want a machine on which it runs.")


def _execute(port: int, password: str, statement: str) -> None:
    import psycopg

    place = {"host": HOST, "port": port, "dbname": "postgres"}
    with closing(psycopg.connect(**place, user=ROLE, password=password)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)


def _program(name: str) -> Path | None:
    """Return a program of the newest version that Debian has installed, else one on the path."""
    versions = [path for path in DEBIAN.glob(f"*/bin/{name}") if path.is_file()]
    if versions:
        return max(versions, key=lambda path: int(path.parts[-3]))
    found = shutil.which(name)
    return Path(found) if found else None
