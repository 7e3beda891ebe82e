"""An empty MLflow database, migrated once for an environment and copied from then on.

MLflow's migrations take two seconds, which every new project and clone would pay.
`python -m pipeline.tracking.store.blank` makes it ahead of time.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.config.errors import InputError
from pipeline.tracking.store.environment import SCHEME, prepare_mlflow

# MLflow's folder for artifacts, beside the database.
ARTIFACTS = "mlruns"
BLANK = Path(sys.prefix) / f"mlflow-{version('mlflow')}.db"


def write_blank(file: Path) -> None:
    """Write an empty database; MLflow makes it where the environment cannot keep a copy."""
    if not BLANK.exists() and os.access(BLANK.parent, os.W_OK):
        # In the same folder, so that it appears there in one piece whoever else makes it.
        with TemporaryDirectory(dir=BLANK.parent) as folder:
            draft = Path(folder) / BLANK.name
            _migrate(draft)
            _forget_folder(draft)
            draft.replace(BLANK)
    if BLANK.exists():
        shutil.copyfile(BLANK, file)
    else:
        _migrate(file)


def _migrate(file: Path) -> None:
    # Importing MLflow takes seconds, and most databases are there already or copied.
    from mlflow import MlflowClient

    MlflowClient(f"{SCHEME}{file}").search_experiments(max_results=1)


def _forget_folder(file: Path) -> None:
    """Replace the folder MLflow ran in by one that never exists: each copy puts in its own."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(
            "update experiments set artifact_location = ? || experiment_id",
            (f"{file.parent}/{ARTIFACTS}/",),
        )


def main() -> None:
    try:
        prepare_mlflow()
    except InputError as error:
        raise SystemExit(f"ERROR: {error}") from None
    with TemporaryDirectory() as folder:
        write_blank(Path(folder) / BLANK.name)


if __name__ == "__main__":
    main()
