"""MLflow's database in a file of the project: made in one piece, and true wherever it is moved.

MLflow stores where artifacts lie as absolute paths, so they are lost when a checkout is moved,
renamed or copied. As a command, `relocate` sets that right for those who use MLflow without us.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from pipeline.config.errors import InputError
from pipeline.tracking.blank import ARTIFACTS, SCHEME, write_blank

DEFAULT = "sqlite:///mlflow.db"
BUSY_TIMEOUT_S = 30
# Where MLflow 3 keeps locations.
LOCATIONS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "storage_location"),
    ("model_versions", "source"),
)


def is_local() -> bool:
    """Whether MLflow is a database file and no server."""
    return (os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT).startswith(SCHEME)


def open_local(uri: str) -> None:
    """Make the database of a `sqlite:///` address if it is new, else correct its locations."""
    file = Path(uri.removeprefix(SCHEME).partition("?")[0])
    if not uri.startswith(SCHEME) or not file.name:
        return
    if file.exists():
        relocate(file)
    else:
        _create(file)


def relocate(database: Path) -> bool:
    """Point locations below the folder the database came from to the one it is in.

    Locations elsewhere, of artifacts that were never beside the database, stay. Says whether any
    was changed.
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
    """Beginnings of locations, as they are and as they should be."""
    for number, location in connection.execute(
        "select experiment_id, artifact_location from experiments"
    ):
        found = re.fullmatch(rf"(file://)?(/.*)?/{ARTIFACTS}/{number}", location)
        if found is None:
            continue
        here = f"{quote(str(folder)) if found[1] else folder}/{ARTIFACTS}/"
        old = location.removesuffix(str(number))
        theirs, ours = Path(found[2] or "/") / ARTIFACTS, folder / ARTIFACTS
        left_behind = (theirs / str(number)).is_dir() and not (ours / str(number)).is_dir()
        if theirs != ours and not left_behind:
            yield old, (found[1] or "") + here


def _create(file: Path) -> None:
    """An empty database, made under another name: a kill in between leaves no half of one."""
    draft = file.with_name(f"{file.name}.draft")
    draft.unlink(missing_ok=True)
    write_blank(draft)
    relocate(draft)
    draft.replace(file)


def main() -> None:
    """Correct the database that MLFLOW_TRACKING_URI names, if it is a file."""
    uri = os.environ.get("MLFLOW_TRACKING_URI", DEFAULT)
    file = Path(uri.removeprefix(SCHEME))
    if uri.startswith(SCHEME) and file.exists():
        try:
            relocate(file)
        except InputError as error:
            raise SystemExit(f"ERROR: {error}") from None


if __name__ == "__main__":
    main()
