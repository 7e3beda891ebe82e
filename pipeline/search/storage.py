"""The database in which a study is kept between runs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from sqlalchemy.exc import SQLAlchemyError

from pipeline.config.errors import InputError
from pipeline.config.params import Params
from pipeline.search.fingerprint import study_name
from pipeline.search.study import Study, metric_name
from pipeline.search.views.summary import settings
from pipeline.tasks.task import Task

BUSY_TIMEOUT_S = 30


def open_storage(file: Path) -> RDBStorage:
    """Open the study database: the one at OPTUNA_STORAGE if that is set, else this SQLite file.

    Raise `InputError` if it cannot be used, and leave it as it is.
    """
    default = f"sqlite:///{file}"
    url = os.environ.get("OPTUNA_STORAGE", default)
    # A server may have been restarted since a connection was last used.
    of_server = {"pool_pre_ping": True}
    of_file = {"connect_args": {"timeout": BUSY_TIMEOUT_S}}
    try:
        return RDBStorage(url, engine_kwargs=of_file if url.startswith("sqlite") else of_server)
    except (SQLAlchemyError, RuntimeError, ImportError, OSError) as error:
        why = str(getattr(error, "orig", None) or error).splitlines()[0]
        if url == default:
            raise InputError(
                f"{file}: cannot be used as the study database ({why}), want one that this"
                f" pipeline made. Move it away to start anew, e.g. mv {file} {file}.old,"
                " or bring back a good copy."
            ) from None
        raise InputError(
            f"OPTUNA_STORAGE: the study database cannot be used ({why}), want a reachable one."
            " Correct the address, or unset it to use a file of the project."
        ) from None


@contextmanager
def storage_works(file: Path) -> Iterator[None]:
    """Raise an `InputError` when the study database fails while it is in use."""
    try:
        yield
    except (StorageInternalError, SQLAlchemyError) as error:
        cause = error.__cause__ or error
        why = str(getattr(cause, "orig", None) or cause).splitlines()[0]
        raise InputError(
            f"{'OPTUNA_STORAGE' if 'OPTUNA_STORAGE' in os.environ else file}: the study database"
            f" failed ({why}), want one that can be read and written. Free space, or bring it back;"
            " what is finished is kept, and dvc repro goes on from it."
        ) from None


def open_study(
    params: Params, dataset: str, task: Task, inputs: Iterable[Path], database: Path
) -> Study:
    """Open the study of these parameters and input files; a new one if there is none yet."""
    return study_in(open_storage(database), params, dataset, task, inputs)


def study_in(
    storage: RDBStorage, params: Params, dataset: str, task: Task, inputs: Iterable[Path]
) -> Study:
    """Open the study of these parameters and input files in a storage that is open already."""
    name = study_name(params, dataset, inputs)
    about = {
        "question": f"Does regularization help on {dataset}?",
        "score": f"{metric_name(task)}: mean over the folds, without penalties; lower is better",
        "step of an intermediate value": "fold",
        **settings(params),
    }
    return Study(storage, name, params.search, params.baseline, params.seed, about, task)
