"""A study on PostgreSQL: the same trials, one writer at a time, and back after a restart."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest
from optuna.storages import RDBStorage

from pipeline.commands.postgres import NOT_INSTALLED, Postgres, installed, postgres
from pipeline.config.errors import InputError
from pipeline.config.params import Params
from pipeline.search.score import Score
from pipeline.search.storage import open_storage, storage_works
from pipeline.search.study import Study
from pipeline.search.study_lock import sole_writer

pytestmark = pytest.mark.skipif(not installed(), reason=NOT_INSTALLED)

ROOT = Path(__file__).parents[2]
HOLD = """
import sys, time
from pathlib import Path
from pipeline.search.storage import open_storage
from pipeline.search.study_lock import sole_writer
with sole_writer(open_storage(Path("none")), "toy-abc"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    log = tmp_path_factory.mktemp("postgres") / "postgres.log"
    with postgres(["studies"], log) as started:
        yield started


@pytest.fixture
def storage(database: Postgres, tmp_path: Path) -> Iterator[RDBStorage]:
    opened = open_storage(tmp_path / "none")
    yield opened
    opened.remove_session()
    opened.engine.dispose()


@pytest.fixture
def database(server: Postgres, monkeypatch: pytest.MonkeyPatch) -> Postgres:
    monkeypatch.setenv("OPTUNA_STORAGE", server.url("studies"))
    return server


def score(number: int) -> Score:
    fold = {"log_loss": 0.5 + 0.01 * number, "accuracy": 0.5, "balanced_accuracy": 0.5}
    fold |= {"roc_auc": 0.5, "pr_auc": 0.5, "brier": 0.2, "f1": 0.5, "calibration_error": 0.1}
    return Score(folds=(fold, fold), epochs=(3, 4), loss=(0.6,), val_loss=(0.7,))


def run(storage: optuna.storages.BaseStorage, params: Params, name: str, waves: int = 99) -> str:
    """Search for so many waves, and return the trial table."""
    study = Study(storage, name, params.search, params.baseline, params.seed)
    for _, wave in zip(range(waves), study.remaining_waves(), strict=False):
        study.tell(wave, [score(trial.number) for trial in wave])
    return str(study.table().to_csv())


def test_trials_are_those_of_a_file_also_after_an_interruption(
    params: Params, storage: RDBStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(storage, params, "interrupted", waves=1)
    found = run(storage, params, "interrupted")
    monkeypatch.delenv("OPTUNA_STORAGE")
    assert found == run(open_storage(tmp_path / "optuna.db"), params, "interrupted")
    assert not (tmp_path / "none").exists()


def test_second_writer_is_told_who_writes(storage: RDBStorage) -> None:
    command = [sys.executable, "-c", HOLD]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        wanted = rf"study toy-abc: held by process {holder.pid} on .* since 20.*one stage at a time"
        with pytest.raises(InputError, match=wanted), sole_writer(storage, "toy-abc"):
            pass
        # Another study is another's.
        with sole_writer(storage, "toy-abd"):
            pass
        holder.kill()
    with sole_writer(storage, "toy-abc"):
        pass


def test_restart_is_one_line_or_goes_on_and_the_lock_is_taken_again(
    params: Params, database: Postgres, storage: RDBStorage, tmp_path: Path
) -> None:
    with sole_writer(storage, "restarted") as keep:
        run(storage, params, "restarted", waves=1)
        database.service.end()

        def go_on() -> None:
            with storage_works(tmp_path / "none"):
                keep()
                run(storage, params, "restarted")

        with pytest.raises(InputError, match=r"OPTUNA_STORAGE.*kept") as error:
            go_on()
        assert database.password not in str(error.value)
        assert "\n" not in str(error.value)
        database.service.start()
        keep()
        run(storage, params, "restarted")
        with pytest.raises(InputError, match="held by process"), sole_writer(storage, "restarted"):
            pass
    assert run(storage, params, "restarted") == run(storage, params, "undisturbed")


def test_wrong_password_is_one_line_without_it(
    server: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for url in (server.url("studies").replace(server.password, "hunter2"), "postgresql://hunter2"):
        monkeypatch.setenv("OPTUNA_STORAGE", url)
        with pytest.raises(InputError, match="OPTUNA_STORAGE: the study database") as error:
            open_storage(tmp_path / "none")
        assert "\n" not in str(error.value)
    monkeypatch.setenv("OPTUNA_STORAGE", "postgresql//me:hunter2@nowhere")
    with pytest.raises(InputError, match="OPTUNA_STORAGE: the study database") as error:
        open_storage(tmp_path / "none")
    assert "hunter2" not in str(error.value)
