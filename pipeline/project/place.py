"""Find the project: here, or, in one of DVC's copies of it, in the folder it was copied from.

`dvc exp run --queue`, `--temp` and `--run-all` run stages in a copy below `.dvc/tmp/exps`, which
DVC deletes afterwards. What outlives a run, such as MLflow's database, is the project's own.
"""

from __future__ import annotations

import glob
from pathlib import Path

from pipeline.config.errors import InputError

COPIES = (".dvc", "tmp", "exps")


def copied_from(here: Path | None = None) -> Path | None:
    """Return the folder that a copy by DVC was made from; None in the project itself."""
    here = (here or Path.cwd()).absolute()
    for folder in here.parents:
        if folder.parts[-len(COPIES) :] == COPIES:
            return folder.parents[len(COPIES) - 1]
    return None


def in_project(path: Path) -> Path:
    """Return where a file of the project is, the project's own in a copy too."""
    project = copied_from()
    return project / path if project else path


def check_copied(source: str) -> None:
    """Raise an `InputError` if a copy lacks files of this path or pattern that the project has."""
    project = copied_from()
    if project is None or Path(source).is_absolute() or "://" in source:
        return
    lacking = sorted(
        Path(file).relative_to(project)
        for file in glob.glob(str(project / source), recursive=True)  # noqa: PTH207
        if not Path(file).relative_to(project).exists()
    )
    if lacking:
        raise InputError(
            f"{lacking[0]}: git ignores it, so DVC's copy of the project lacks it, want a table"
            f" that DVC or git keeps. Run dvc add {lacking[0]} and commit what that made, or run"
            " the experiment without --queue and --temp."
        )
