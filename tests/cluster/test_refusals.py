"""What cannot give the same bytes is refused by name, and what is not there ends in one line."""

from __future__ import annotations

import shutil
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from pipeline.cluster.chosen import chosen_cluster
from pipeline.cluster.members import executor
from pipeline.cluster.patience import Patience
from pipeline.cluster.settings import ADDRESS
from pipeline.cluster.versions import differences, own_versions
from pipeline.commands.services import free_port
from pipeline.config.errors import InputError
from pipeline.training.fit import Member
from pipeline.training.trainers import trainer
from tests.local_cluster import LocalCluster, started

ROOT = Path(__file__).parents[2]
BOUND_S = 40


@pytest.fixture
def cluster_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A cluster of one test's own, without a worker."""
    with started(tmp_path) as cluster:
        monkeypatch.setenv(ADDRESS, cluster.address)
        yield cluster


def other_code(folder: Path) -> Path:
    """Return a copy of the project in which a line of the code is another one."""
    shutil.copytree(ROOT / "pipeline", folder / "pipeline")
    module = folder / "pipeline/training/adam.py"
    module.write_text(module.read_text() + "\nCHANGED = True\n")
    return folder


def other_numpy(folder: Path) -> Path:
    """Return a folder that makes NumPy's version another one, for who has it in PYTHONPATH."""
    record = folder / "numpy-1.0.dist-info"
    record.mkdir(parents=True)
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: numpy\nVersion: 1.0\n")
    return folder


def one_liner(error: pytest.ExceptionInfo[InputError]) -> str:
    text = str(error.value)
    assert "\n" not in text
    assert text.startswith(f"{ADDRESS}: ")
    return text


def test_worker_with_other_code_is_refused(cluster_alone: LocalCluster, tmp_path: Path) -> None:
    cluster_alone.join("old", code=other_code(tmp_path / "old-code"))
    cluster_alone.wait_for(1)
    with pytest.raises(InputError) as error, chosen_cluster("mlp"):
        pass
    said = one_liner(error)
    assert f"(want {own_versions()['code']})" in said
    assert "worker tcp://127.0.0.1:" in said


def test_worker_without_our_code_is_refused(cluster_alone: LocalCluster, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    cluster_alone.join("bare", code=tmp_path / "empty")
    cluster_alone.wait_for(1)
    with pytest.raises(InputError, match="code missing"), chosen_cluster("mlp"):
        pass


def test_worker_that_joins_later_is_refused_too(
    cluster_alone: LocalCluster, tmp_path: Path, make_folds, make_architecture, train, plain
) -> None:
    cluster_alone.join("good")
    cluster_alone.wait_for(1)
    members = [Member(fold, plain, seed) for fold in make_folds() for seed in range(40)]
    with chosen_cluster("mlp") as cluster:
        cluster_alone.join("numpy", PYTHONPATH=str(other_numpy(tmp_path / "other")))
        cluster_alone.wait_for(2)
        cluster_alone.workers["good"].end()
        with pytest.raises(InputError) as error:
            trainer(executor=executor(cluster))(members, make_architecture(), train)
    assert "NumPy 1.0 (want " in one_liner(error)


def test_nothing_at_the_address_is_one_line_in_bounded_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for address in (f"tcp://127.0.0.1:{free_port()}", "not an address", "http://127.0.0.1:1"):
        monkeypatch.setenv(ADDRESS, address)
        begun = time.monotonic()
        with pytest.raises(InputError) as error, chosen_cluster("mlp"):
            pass
        assert time.monotonic() - begun < BOUND_S
        assert address in one_liner(error)


def test_missing_package_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ADDRESS, "tcp://127.0.0.1:1")
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(InputError, match="not installed, want the extra 'cluster'"),
        chosen_cluster("mlp"),
    ):
        pass


def test_no_variable_is_no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in (None, "", " "):
        monkeypatch.delenv(ADDRESS, raising=False)
        if value is not None:
            monkeypatch.setenv(ADDRESS, value)
        with chosen_cluster("mlp") as cluster:
            assert cluster is None


def test_scheduler_that_dies_is_one_line(
    cluster_alone: LocalCluster, make_folds, make_architecture, train, plain
) -> None:
    # No worker comes, so what is asked for is under way for sure.
    members = [Member(fold, plain, 1) for fold in make_folds()]
    with chosen_cluster("mlp") as cluster:
        killer = threading.Timer(2.0, cluster_alone.scheduler.kill)
        killer.start()
        begun = time.monotonic()
        with pytest.raises(InputError) as error:
            trainer(executor=executor(cluster))(members, make_architecture(), train)
        killer.join()
    assert "gone away" in one_liner(error)
    assert time.monotonic() - begun < BOUND_S


def test_waiting_for_workers_ends() -> None:
    patience = Patience(limit_s=0.05)
    patience.with_workers(0)
    patience.with_workers(1)
    patience.with_workers(0)
    time.sleep(0.1)
    with pytest.raises(InputError, match="no worker for 0 s"):
        patience.with_workers(0)


def test_differences_are_named() -> None:
    wanted = {"code": "abc", "NumPy": "2.3"}
    assert differences(wanted, wanted) == ""
    assert differences(wanted, {"code": "abc"}) == "NumPy missing (want 2.3)"
    assert differences(wanted, {"code": "abd", "NumPy": "2.3", "x": "1"}) == "code abd (want abc)"


def test_worker_that_is_killed_again_and_again_is_one_line(
    cluster_alone: LocalCluster, make_folds, make_architecture, train, plain
) -> None:
    cluster_alone.join("a")
    cluster_alone.wait_for(1)
    slow = train.model_copy(update={"max_epochs": 1_000_000})
    ended = threading.Event()

    def kill_each() -> None:
        """Kill the process that works, which its nanny replaces, for as long as there is one."""
        import psutil

        nanny = psutil.Process(cluster_alone.workers["a"].pid)
        while not ended.wait(0.5):
            for child in nanny.children(recursive=True):
                if child.cpu_times().user > 3:
                    child.send_signal(signal.SIGKILL)

    with chosen_cluster("mlp") as cluster:
        killer = threading.Thread(target=kill_each)
        killer.start()
        try:
            with pytest.raises(InputError) as error:
                trainer(executor=executor(cluster))(
                    [Member(make_folds()[0], plain, 1)], make_architecture(), slow
                )
        finally:
            ended.set()
            killer.join()
    assert "4 workers died while they had the same task" in one_liner(error)
