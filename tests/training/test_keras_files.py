from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.config.sections.network import LayerParams
from pipeline.config.sections.regularization import Regularization
from pipeline.tracking.store.network_digest import network_digest
from pipeline.training._tensorflow import keras
from pipeline.training.architecture import Architecture, initial_weights
from pipeline.training.keras_files import write_keras_file
from pipeline.training.network import export_network

# Keras 3.15 turns its variables to arrays in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
TUNED = Regularization(dropout=0.3, l1=1e-5, l2=2e-4, patience=7)
LAYERS = (
    LayerParams(units=3, dropout=True),
    LayerParams(units=4, activation="gelu", penalty=False),
    LayerParams(units=2, activation="selu", dropout=True),
)
ARCHITECTURES = {
    "two classes": Architecture(5, 2, LAYERS, penalize_output=False, batch_norm=False),
    "four classes, normalized": Architecture(5, 4, LAYERS, penalize_output=True, batch_norm=True),
    "a number": Architecture(1, 0, LAYERS, penalize_output=True, batch_norm=False),
    "no hidden layer": Architecture(7, 3, (), penalize_output=True, batch_norm=True),
}
WITHOUT_KERAS = """
import sys
from pipeline.training import keras_files
print({"keras", "tensorflow"} & set(sys.modules))
"""


@pytest.mark.parametrize("architecture", ARCHITECTURES.values(), ids=ARCHITECTURES)
def test_file_is_that_of_keras(architecture: Architecture, tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours.keras", tmp_path / "theirs.keras"
    rng = np.random.default_rng(1)
    weights = [rng.uniform(0.1, 1, w.shape) for w in initial_weights(architecture, 1)]
    weights = [weight.astype(np.float32) for weight in weights]
    write_keras_file(ours, architecture, TUNED, weights)
    # Layers without a name of their own are counted.
    keras.utils.clear_session()
    export_network(architecture, TUNED, weights).save(theirs)

    assert network_digest(ours) == network_digest(theirs)
    loaded, expected = map(keras.models.load_model, (ours, theirs))
    assert _plain(loaded.get_config()) == _plain(expected.get_config())
    x = rng.normal(size=(6, architecture.features)).astype(np.float32)
    for back, weight in zip(loaded.get_weights(), weights, strict=True):
        assert np.array_equal(back, weight)
    assert np.array_equal(loaded(x), expected(x))


def test_network_of_keras_is_the_one_described() -> None:
    """Against Keras' own words for it, layer by layer."""
    architecture = ARCHITECTURES["four classes, normalized"]
    keras.utils.clear_session()
    penalty = keras.regularizers.L1L2(TUNED.l1, TUNED.l2)
    stack = [
        keras.Input((5,), name="prepared"),
        keras.layers.Dense(3, kernel_regularizer=penalty, name="dense_1"),
        keras.layers.BatchNormalization(momentum=0.99, epsilon=1e-3, name="norm_1"),
        keras.layers.Activation("relu", name="activation_1"),
        keras.layers.Dropout(0.3, name="dropout_1"),
        keras.layers.Dense(4, name="dense_2"),
        keras.layers.BatchNormalization(momentum=0.99, epsilon=1e-3, name="norm_2"),
        keras.layers.Activation("gelu", name="activation_2"),
        keras.layers.Dense(2, kernel_regularizer=penalty, name="dense_3"),
        keras.layers.BatchNormalization(momentum=0.99, epsilon=1e-3, name="norm_3"),
        keras.layers.Activation("selu", name="activation_3"),
        keras.layers.Dropout(0.3, name="dropout_3"),
        keras.layers.Dense(4, "softmax", kernel_regularizer=penalty, name="probability"),
    ]
    described = keras.Sequential(stack, name="network").get_config()
    ours = export_network(architecture, TUNED, initial_weights(architecture, 1)).get_config()
    assert _plain(ours) == _plain(described)


def _plain(config: object) -> object:
    """Drop the identities of objects that layers share."""
    if isinstance(config, dict):
        return {key: _plain(value) for key, value in config.items() if key != "shared_object_id"}
    if isinstance(config, list | tuple):
        return [_plain(value) for value in config]
    return config


def test_equal_networks_give_equal_bytes(tmp_path: Path) -> None:
    architecture = ARCHITECTURES["two classes"]
    files = [tmp_path / f"{name}.keras" for name in "ab"]
    for file in files:
        write_keras_file(file, architecture, TUNED, initial_weights(architecture, 1))
    assert files[0].read_bytes() == files[1].read_bytes()


def test_keras_is_not_imported() -> None:
    command = [sys.executable, "-c", WITHOUT_KERAS]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "set()\n"
