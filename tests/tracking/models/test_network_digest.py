from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from pipeline.tracking.models.logged import ModelFiles, open_model
from pipeline.tracking.store.network_digest import network_digest
from pipeline.training._tensorflow import keras

SAVED_AGAIN_S = 1.1


def network(weight: float) -> keras.Model:
    # As in a process of its own: names of layers are counted.
    keras.utils.clear_session()
    made = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, "relu")])
    made.set_weights([np.full((2, 3), weight, np.float32), np.zeros(3, np.float32)])
    return made


# Keras 3.15 turns its variables to arrays in a way that NumPy 2 warns of.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_digest_tells_networks_apart_and_not_when_they_were_saved(tmp_path: Path) -> None:
    files = [tmp_path / f"{name}.keras" for name in "abc"]
    network(1.0).save(files[0])
    # Files of networks hold the time in whole seconds.
    time.sleep(SAVED_AGAIN_S)
    network(1.0).save(files[1])
    network(np.nextafter(np.float32(1), np.float32(2))).save(files[2])
    assert files[0].read_bytes() != files[1].read_bytes()
    first, again, other = map(network_digest, files)
    assert first == again != other


def test_model_whose_file_is_gone_is_an_error_of_the_system(tmp_path: Path) -> None:
    """Which a stage tells in one line."""
    gone, here = tmp_path / "tuned.npz", tmp_path / "here"
    here.touch()
    with pytest.raises(FileNotFoundError) as raised:
        open_model(ModelFiles(network=here, weights=gone, preparation=here, schema=here))
    assert str(raised.value.filename) == str(gone)
