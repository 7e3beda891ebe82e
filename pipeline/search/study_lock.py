"""A lock on a study that several machines may reach: PostgreSQL's, beside the project's own."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from optuna.storages import RDBStorage
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from pipeline.config.errors import InputError

POSTGRESQL = "postgresql"
NAME_LENGTH = 63
HOLDER = """
select a.application_name from pg_locks l join pg_stat_activity a on a.pid = l.pid
where l.locktype = 'advisory' and l.granted and l.classid::bigint = :high
and l.objid::bigint = :low and l.objsubid = 1
"""


@contextmanager
def sole_writer(storage: RDBStorage, study: str) -> Iterator[Callable[[], None]]:
    """Hold the study for this process; `InputError` names another one that holds it.

    Give a function to call before each time of writing: a server that was restarted has forgotten
    the lock, which is then taken again. PostgreSQL frees it when the connection ends, however that
    happens. A file of the project needs no lock but the project's own.
    """
    if storage.engine.dialect.name != POSTGRESQL:
        yield lambda: None
        return
    lock = _Lock(storage.engine, study)
    try:
        lock.take()
        yield lock.keep
    finally:
        lock.free()


class _Lock:
    """An advisory lock of PostgreSQL, on a connection of its own."""

    def __init__(self, engine: Engine, study: str) -> None:
        self._engine, self._study = engine, study
        digest = hashlib.sha256(study.encode()).digest()
        self._key = int.from_bytes(digest[:8], "big", signed=True)
        self._connection: Connection | None = None

    def take(self) -> None:
        """Take the lock; `InputError` if another process has it."""
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        self._connection = connection
        connection.detach()
        since = datetime.now().astimezone().isoformat(timespec="seconds")
        # What another process is told; PostgreSQL keeps this many characters.
        who = f"process {os.getpid()} on {platform.node()[:20]} since {since}"[:NAME_LENGTH]
        connection.execute(text("select set_config('application_name', :who, false)"), {"who": who})
        if connection.scalar(text("select pg_try_advisory_lock(:key)"), {"key": self._key}):
            return
        raise InputError(
            f"study {self._study}: held by {self._holder(connection)}, want one stage at a time."
            " Wait until it ends, or stop it, then run dvc repro again."
        )

    def keep(self) -> None:
        """Take the lock again if the server has ended the connection that held it."""
        if self._connection is not None:
            try:
                self._connection.execute(text("select 1"))
            except SQLAlchemyError:
                self.free()
        if self._connection is None:
            self.take()

    def free(self) -> None:
        """End the connection, and with it the lock."""
        if self._connection is not None:
            with suppress(SQLAlchemyError):
                self._connection.close()
            self._connection = None

    def _holder(self, connection: Connection) -> str:
        high, low = (self._key >> 32) & 0xFFFFFFFF, self._key & 0xFFFFFFFF
        holder = connection.scalar(text(HOLDER), {"high": high, "low": low})
        return holder or "another process"
