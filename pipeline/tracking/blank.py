"""An empty MLflow database, migrated once for an environment and copied from then on.

MLflow's migrations take two seconds, which every new project and clone would pay.
`python -m pipeline.tracking.blank` makes it ahead of time.
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

SCHEME = "sqlite:///"
# MLflow's folder for artifacts, beside the database.
ARTIFACTS = "mlruns"
BLANK = Path(sys.prefix) / f"mlflow-{version('mlflow')}.db"


def write_blank(file: Path) -> None:
    """An empty database at this path; where the environment cannot keep one, MLflow makes it."""
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
    from mlflow import MlflowClient

    MlflowClient(f"{SCHEME}{file}").search_experiments(max_results=1)


def _forget_folder(file: Path) -> None:
    """Put a folder that never is in the place of the one MLflow ran in: copies take their own."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(
            "update experiments set artifact_location = ? || experiment_id",
            (f"{file.parent}/{ARTIFACTS}/",),
        )


def main() -> None:
    import pipeline.tracking.client  # noqa: F401  makes MLflow quiet

    with TemporaryDirectory() as folder:
        write_blank(Path(folder) / BLANK.name)


if __name__ == "__main__":
    main()
