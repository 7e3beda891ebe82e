"""Command `relocate`: make MLflow find its artifacts again after the project's folder was moved.

Every stage and command does so by itself; this is for those who use MLflow without them.
"""

from __future__ import annotations

from pipeline.project.run_stage import run_stage
from pipeline.tracking.store.environment import store_uri
from pipeline.tracking.store.local import database_file, relocate


def main() -> None:
    file = database_file(store_uri())
    if file and file.exists():
        relocate(file)


if __name__ == "__main__":
    run_stage(main)
