from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from pipeline.tracking.study import mirror as module
from pipeline.tracking.study.mirror import Mirror


def python(script: str, *arguments: str) -> list[str]:
    """A command in the place of the one that writes to MLflow."""
    return [sys.executable, "-c", script, *arguments]


def test_writer_hears_of_each_wave_and_of_the_end(tmp_path: Path) -> None:
    script = "import sys; open(sys.argv[1], 'w').writelines(iter(sys.stdin.readline, 'end\\n'))"
    with Mirror(python(script, str(tmp_path / "heard"))) as mirror:
        mirror.update()
        mirror.update()
        mirror.complete()
    assert (tmp_path / "heard").read_text() == "news\nnews\n"


def test_writer_is_not_interrupted_at_the_terminal() -> None:
    script = "import os, sys; sys.stdin.readline(); sys.exit(os.getsid(0) != os.getpid())"
    with Mirror(python(script)) as mirror:
        mirror.complete()
    assert mirror._writer.returncode == 0


def test_slow_writer_does_not_hold_the_study_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "LOCAL_WAIT_S", 0.2)
    started = time.monotonic()
    with Mirror(python("import time; time.sleep(60)")) as mirror:
        mirror.update()
        mirror.complete()
    assert time.monotonic() - started < 5
    (record,) = caplog.records
    assert "MLflow is slow" in record.message
    assert "make sync" in record.message
    assert mirror._writer.returncode is not None


def test_writer_that_fails_is_told_and_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with Mirror(python("raise SystemExit(3)")) as mirror:
        mirror._writer.wait()
        for _ in range(3):
            mirror.update()
        mirror.complete()
    (record,) = caplog.records
    assert "exit code 3" in record.message
    assert "make sync" in record.message


def test_only_the_first_trouble_of_a_study_is_warned_of(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "LOCAL_WAIT_S", 0.2)
    script = (
        "import time; from pipeline.tracking.study.mirror import trouble_line;"
        "print('a library says something');"
        "print(trouble_line('MLflow does not answer\\n(no route).') * 2, flush=True);"
        "time.sleep(60)"
    )
    with Mirror(python(script)) as mirror:
        while not caplog.records:
            time.sleep(0.01)
        mirror.complete()
    (record,) = caplog.records
    assert record.message == f"MLflow does not answer (no route): {module.LATER}"


def test_study_that_fails_waits_for_no_writer(caplog: pytest.LogCaptureFixture) -> None:
    started = time.monotonic()
    with (
        pytest.raises(ValueError, match="in training"),
        Mirror(python("import time; time.sleep(60)")) as mirror,
    ):
        raise ValueError("in training")
    assert time.monotonic() - started < 5
    assert mirror._writer.returncode is not None
    assert not caplog.records


def test_a_server_is_given_a_twelfth_of_a_study() -> None:
    assert module.patience(45.0, local=False) < 0.1 * 45
    assert module.patience(1000.0, local=False) < 0.1 * 1000
    assert module.patience(40.0, local=True) > 10 * module.patience(40.0, local=False)
