from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.config.errors import InputError
from pipeline.config.sections.network import LayerParams
from pipeline.config.sections.regularization import Regularization
from pipeline.tracking.store.network_digest import network_digest
from pipeline.training import keras_files
from pipeline.training._tensorflow import keras
from pipeline.training.architecture import Architecture, initial_weights
from pipeline.training.keras_files import KerasFile, saving
from pipeline.training.network import export_network
from pipeline.training.portable import write_weights

# Keras 3.15 turns its variables to arrays in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
TUNED = Regularization(dropout=0.3, l1=1e-5, l2=2e-4, patience=7)
BEGIN = """
import sys, time
from pathlib import Path
from pipeline.training.keras_files import saving
with saving([]) as files:
    print(files._process.pid, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def file(tmp_path: Path) -> KerasFile:
    layers = (LayerParams(units=3, dropout=True), LayerParams(units=2, activation="gelu"))
    architecture = Architecture(5, 4, layers, penalize_output=True, batch_norm=True)
    write_weights(tmp_path / "w.npz", architecture, initial_weights(architecture, 1))
    return KerasFile(tmp_path / "w.keras", tmp_path / "w.npz", architecture, TUNED)


def test_saved_network_is_that_of_this_process(file: KerasFile, tmp_path: Path) -> None:
    with saving([file]) as files:
        files.wait()
    here = tmp_path / "here.keras"
    keras.utils.clear_session()
    weights = initial_weights(file.architecture, 1)
    export_network(file.architecture, TUNED, weights).save(here)
    assert network_digest(here) == network_digest(file.path)
    configs = [keras.models.load_model(path).get_config() for path in (here, file.path)]
    assert configs[0] == configs[1]
    assert str(TUNED.l2) in str(configs[0])


def test_what_its_user_can_mend_is_said_in_one_line(file: KerasFile) -> None:
    file.path.mkdir()
    with saving([file]) as files, pytest.raises(InputError) as caught:
        files.wait()
    assert str(file.path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not str(caught.value).startswith("ERROR")


def test_a_process_that_breaks_is_told(file: KerasFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras_files.sys, "executable", "/bin/false")
    with saving([file]) as files, pytest.raises(InputError, match=r"w\.keras: .*exit code 1"):
        files.wait()


def test_process_ends_with_the_block(file: KerasFile) -> None:
    with pytest.raises(KeyboardInterrupt), saving([file]) as files:
        raise KeyboardInterrupt
    assert files._process.returncode == -9
    assert not file.path.exists()


def test_process_ends_when_the_other_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", BEGIN], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        saver = int(other.stdout.readline())
        other.kill()
    deadline = time.monotonic() + 60
    while Path(f"/proc/{saver}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with pytest.raises(ProcessLookupError):
        os.kill(saver, 0)
