"""Query databases, through SQLAlchemy."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pandas as pd

from pipeline.config.errors import InputError
from pipeline.config.sections.data import DataParams
from pipeline.data.sources.packed import MB
from pipeline.data.sources.remote import first_line

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine


FETCHED_ROWS = 50_000


def query_database(variable: str, data: DataParams) -> tuple[str, pd.DataFrame]:
    """Return the name of the database, and the rows that the query gives."""
    from sqlalchemy import create_engine
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    url = os.environ.get(variable)
    if not url:
        raise InputError(
            f"params.yaml: data.source names the environment variable {variable!r}, which is not"
            f" set, want an SQLAlchemy URL in it. Set it: export {variable}=postgresql://…"
        )
    if data.query is None:
        raise InputError(
            "params.yaml: data.query is null, want what to ask the database."
            " Set it, e.g. SELECT * FROM customers."
        )
    try:
        address = make_url(url)
        engine = create_engine(address, **_patience(address.get_backend_name(), data.timeout_s))
    except ArgumentError:
        raise InputError(
            f"{variable}: no SQLAlchemy URL, want one such as postgresql://user@host/name."
            " Set the variable anew."
        ) from None
    except ImportError as error:
        raise InputError(
            f"{variable}: its driver is not installed ({error}), want one."
            " Install it, e.g. psycopg for postgresql+psycopg://."
        ) from None
    if address.get_backend_name() == "sqlite" and address.database:
        _check_sqlite(variable, Path(address.database))
    name = Path(address.database or variable).stem
    return name, _rows(engine, data.query, data.max_mb, url)


def query_file(path: Path, name: str, data: DataParams) -> pd.DataFrame:
    """Return the rows of an SQLite file: those that the query gives, or its only table."""
    from sqlalchemy import URL, create_engine, inspect
    from sqlalchemy.exc import SQLAlchemyError

    # Read only: nothing is written beside the user's file.
    database = f"file:{quote(str(path.absolute()))}"
    engine = create_engine(
        URL.create("sqlite", database=database, query={"mode": "ro", "uri": "true"})
    )
    query = data.query
    if query is None:
        try:
            tables = [*inspect(engine).get_table_names(), *inspect(engine).get_view_names()]
        except SQLAlchemyError as error:
            raise InputError(
                f"{name}: damaged SQLite ({first_line(error, database)}), want a whole database."
                " Copy it again."
            ) from None
        if len(tables) != 1:
            shown = ", ".join(tables[:5]) or "none"
            raise InputError(
                f"{name}: a database of {len(tables)} tables ({shown}), want one, or data.query."
                " Set data.query, e.g. SELECT * FROM customers."
            )
        quoted = tables[0].replace('"', '""')
        query = f'SELECT * FROM "{quoted}"'
    return _rows(engine, query, data.max_mb, database)


def _rows(engine: Engine, query: str, max_mb: int, url: str) -> pd.DataFrame:
    from sqlalchemy import text
    from sqlalchemy.exc import SQLAlchemyError

    try:
        with engine.connect() as connection:
            result = connection.execute(text(query))
            names = [*result.keys()]
            _check_names(names)
            parts, taken = [pd.DataFrame(columns=names, dtype=object)], 0
            # As they are: pandas' own reader makes floats of whole numbers beside gaps.
            while rows := result.fetchmany(FETCHED_ROWS):
                part = pd.DataFrame([*map(tuple, rows)], columns=names, dtype=object)
                taken += int(part.memory_usage(deep=True).sum())
                if taken > max_mb * MB:
                    raise InputError(
                        f"data.query: gives more than data.max_mb = {max_mb}, want at most"
                        " that. Ask for less, or raise data.max_mb."
                    )
                parts.append(part)
    except SQLAlchemyError as error:
        raise InputError(
            f"data.query: the database refuses ({first_line(error, url)}), want rows."
            " Try the query in the database's own client."
        ) from None
    finally:
        engine.dispose()
    return pd.concat(parts, ignore_index=True)


def _check_names(names: Sequence[str]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InputError(
            f"data.query: gives several columns called {twice[0]!r}, want each name once."
            f" Name the columns in the query, e.g. SELECT a.{twice[0]} AS other."
        )


def _check_sqlite(variable: str, file: Path) -> None:
    # SQLite would make an empty database.
    if not file.is_file():
        raise InputError(
            f"{variable}: {file} is no file, want an SQLite database. Check the path in the URL."
        )


def _patience(backend: str, timeout_s: int) -> dict[str, Any]:
    argument = {"sqlite": "timeout", "postgresql": "connect_timeout", "mysql": "connect_timeout"}
    known = argument.get(backend)
    return {"connect_args": {known: timeout_s}} if known else {}
