"""MLflow's database in a file of the project: made in one piece, and right wherever it is moved.

MLflow stores the places of artifacts as absolute paths, so a checkout that is moved, renamed or
copied would lose them.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from pipeline.config.errors import InputError
from pipeline.tracking.store.blank import ARTIFACTS, write_blank
from pipeline.tracking.store.environment import SCHEME

BUSY_TIMEOUT_S = 30
# Where MLflow 3 keeps locations.
LOCATIONS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "storage_location"),
    ("model_versions", "source"),
)


def open_local(uri: str) -> None:
    """Make the database of a `sqlite:///` address if it is new, else correct its locations."""
    file = database_file(uri)
    if file is None:
        return
    if file.exists():
        relocate(file)
    else:
        _create(file)


def database_file(uri: str) -> Path | None:
    """Return the file of a `sqlite:///` address; None for a server and a database in memory."""
    file = Path(uri.removeprefix(SCHEME).partition("?")[0])
    return file if uri.startswith(SCHEME) and file.name else None


def relocate(database: Path) -> bool:
    """Point locations below the folder the database came from to the one it is in.

    Locations elsewhere, of artifacts that were never beside the database, stay. Return whether any
    location was changed.
    """
    try:
        with closing(sqlite3.connect(database, timeout=BUSY_TIMEOUT_S)) as connection, connection:
            moves = set(_moves(connection, database.absolute().parent))
            for old, new in moves:
                for table, column in LOCATIONS:
                    connection.execute(
                        f"update {table} set {column} = ? || substr({column}, ?)"
                        f" where substr({column}, 1, ?) = ?",
                        (new, len(old) + 1, len(old), old),
                    )
    except sqlite3.DatabaseError as error:
        raise InputError(
            f"{database}: cannot be used as MLflow's database ({error}), want one that MLflow made."
            f" Move it away to start anew, e.g. mv {database} {database}.old,"
            " or bring back a good copy."
        ) from None
    return bool(moves)


def _moves(connection: sqlite3.Connection, folder: Path) -> Iterator[tuple[str, str]]:
    """Yield beginnings of locations, as they are and as they should be."""
    for number, location in connection.execute(
        "select experiment_id, artifact_location from experiments"
    ):
        match = re.fullmatch(rf"(file://)?(/.*)?/{ARTIFACTS}/{number}", location)
        if match is None:
            continue
        here = f"{quote(str(folder)) if match[1] else folder}/{ARTIFACTS}/"
        old = location.removesuffix(str(number))
        theirs, ours = Path(match[2] or "/") / ARTIFACTS, folder / ARTIFACTS
        left_behind = (theirs / str(number)).is_dir() and not (ours / str(number)).is_dir()
        if theirs != ours and not left_behind:
            yield old, (match[1] or "") + here


def _create(file: Path) -> None:
    """Make an empty database under another name: a kill in between leaves no half of one."""
    draft = file.with_name(f"{file.name}.draft")
    draft.unlink(missing_ok=True)
    write_blank(draft)
    relocate(draft)
    draft.replace(file)
