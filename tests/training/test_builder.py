"""Wrong builders: each is one line that names the file, before anything is trained."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline.config.errors import InputError
from pipeline.config.params import parse_params
from pipeline.config.sections.network import NetworkParams
from pipeline.config.sections.regularization import Regularization
from pipeline.config.sections.train import TrainParams
from pipeline.training.architecture import Architecture
from pipeline.training.builder import builder_of
from pipeline.training.builder_trainer import check_built
from tests.training.conftest import FEATURES, MakeFolds

ROOT = Path(__file__).parents[2]
TRAIN = TrainParams(batch_size=12, max_epochs=3, learning_rate=0.02)
TUNED = Regularization(dropout=0.3, l1=1e-5, l2=2e-4, patience=2)
GOOD = """
import keras

def build(inputs, outputs, regularization):
    return keras.Sequential([keras.Input((inputs,)), LAYERkeras.layers.Dense(outputs)])
"""
# The text of a file, and what its one line says; each is known without running anything.
SAID_BY_THE_TEXT = {
    "empty": (
        "",
        "there is no function build (functions: none), want the one that network.builder",
    ),
    "misspelled": (
        "def biuld(inputs, outputs, regularization): ...",
        "there is no function build (functions: biuld), want the one that network.builder names."
        " Did you mean 'biuld'?",
    ),
    "no function": ("build = 3", "there is no function build (functions: none)"),
    "syntax": ("import keras\ndef build(:\n  pass", "line 2 is not Python"),
    "null byte": ("x = '\0'", "is not Python"),
    "not UTF-8": (b"\xff\xfe# build", "byte 0 is not UTF-8, want UTF-8 text."),
    "two arguments": (
        "def build(inputs, outputs): ...",
        "line 1 defines build with (inputs, outputs), want three arguments. Write def build(",
    ),
    "four arguments": ("def build(a, b, c, d): ...", "with (a, b, c, d), want three arguments"),
    "keyword needed": ("def build(a, b, c, *, d): ...", "want three arguments"),
    "imports its neighbour": (
        "from mine import layers\ndef build(a, b, c): ...",
        "line 1 imports mine, a file of the project, want one file that needs packages only",
    ),
    "relative import": ("from .mine import x\ndef build(a, b, c): ...", "imports mine"),
}


def body(text: str) -> str:
    return f"import keras\n\ndef build(inputs, outputs, regularization):\n    {text}\n"


def dense(layer: str, before: str = "") -> str:
    return before + GOOD.replace("LAYER", f"{layer}, ")


NOISE = """
import os
class Noise(keras.layers.Layer):
    def call(self, x, training=False):
        return x + SOURCE if training else x
"""
# … and what building and trying it tells.
SAID_BY_TRYING = {
    "fails on import": ("import kears\n" + body("pass"), "line 1: the file fails (ModuleNotFound"),
    "fails": (body("return inputs / 0"), "line 4: build fails (ZeroDivisionError: division"),
    "ends Python": (body("raise SystemExit"), "line 4: build fails (SystemExit: )"),
    "says what it wants": (
        body("raise ValueError('5 columns are no square;\\nset it')"),
        "line 4: build fails (ValueError: 5 columns are no square; set it)",
    ),
    "unknown value": (
        body("return regularization.l3"), "line 4: build fails (AttributeError: "),
    "nothing": (body("keras.Sequential()"), "build returns nothing, want a keras.Model."),
    "a layer": (body("return keras.layers.Dense(outputs)"), "build returns a Dense, want a keras"),
    "other columns": (
        body("return keras.Sequential([keras.Input((inputs + 1,)), keras.layers.Dense(outputs)])"),
        "its model does not take rows of 5 columns (",
    ),
    "too many outputs": (
        GOOD.replace("LAYER", "").replace("Dense(outputs)", "Dense(outputs + 1)"),
        "gives values of shape (1, 2) for 1 rows, want (1, 1), one logit, of the second class.",
    ),
    "several outputs": (
        body("r = keras.Input((inputs,)); a = keras.layers.Dense(outputs)(r)\n"
             "    return keras.Model(r, [a, a])"),
        "build gives a list for rows, want one array.",
    ),
    "compiled": (
        body("m = keras.Sequential([keras.Input((inputs,)), keras.layers.Dense(outputs)])\n"
             "    m.compile('adam', 'mse')\n    return m"),
        "build returns a compiled model, want one that is not",
    ),
    "no weights": (
        body("r = keras.Input((inputs,)); return keras.Model(r, r[:, :1])"),
        "build returns a model without trainable weights, want some.",
    ),
    "frozen": (
        body("m = keras.Sequential([keras.Input((inputs,)), keras.layers.Dense(outputs)])\n"
             "    m.trainable = False\n    return m"),
        "build returns a model without trainable weights, want some.",
    ),
    "probabilities": (
        GOOD.replace("LAYER", "").replace("Dense(outputs)", "Dense(outputs, 'sigmoid')"),
        "build gives probabilities, want logits. Delete the sigmoid or softmax at its end.",
    ),
    "not finite": (
        dense("keras.layers.Lambda(lambda x: keras.ops.log(-abs(x)))"),
        "build gives values that are not finite before any training, want finite ones.",
    ),
    "random when it predicts": (
        dense("Noise()", "import keras\nclass Noise(keras.layers.Layer):\n"
              "    def call(self, x): return x + keras.random.normal(keras.ops.shape(x))\n"),
        "build gives other values for the same rows outside training",
    ),
    "randomness of the machine": (
        dense("Noise()", "import keras\n" + NOISE.replace("SOURCE", "os.urandom(1)[0] / 9")),
        "two fits from the same seed end differently, want a layer that draws randomness to have a",
    ),
    "randomness without a seed": (
        dense("Noise()", "import keras\n" + NOISE.replace(
            "SOURCE", "keras.random.normal(keras.ops.shape(x))")),
        "two fits from the same seed end differently, want a layer that draws randomness to have a",
    ),
    "cannot be saved": (
        dense("Own(3)", "import keras\nclass Own(keras.layers.Layer):\n"
              "    def __init__(self, units): super().__init__(); self.units = object()\n"
              "    def call(self, x): return x\n"
              "    def get_config(self): raise ValueError('no config')\n"),
        "its model cannot be saved (ValueError: no config)",
    ),
    "weights that nothing uses": (
        body("r = keras.Input((inputs,)); x = keras.layers.Dense(3)(r)\n"
             "    return keras.Model(r, keras.layers.Dense(outputs)(keras.ops.stop_gradient(x)))"),
        "the loss does not depend on the weights dense/kernel, want all of them used.",
    ),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "networks").mkdir()
    (tmp_path / "networks/mine.py").touch()
    monkeypatch.chdir(tmp_path)
    # The processes that build run from the project's folder, whatever this one's is.
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path


def network(builder: str | None, **other: object) -> NetworkParams:
    raw = YAML(typ="safe").load(ROOT / "params.yaml")
    raw["network"] |= {"builder": builder} | other
    return parse_params(raw).network


def said(builder: str = "networks/own.py:build", **other: object) -> str:
    with pytest.raises(InputError) as caught:
        builder_of(network(builder, **other))
    text = str(caught.value)
    assert "\n" not in text
    assert ", want" in text
    return text


@pytest.mark.parametrize("case", SAID_BY_THE_TEXT)
def test_wrong_text_is_one_line(folder: Path, case: str) -> None:
    text, expected = SAID_BY_THE_TEXT[case]
    data = text if isinstance(text, bytes) else text.encode()
    (folder / "networks/own.py").write_bytes(data)
    message = said()
    assert message.startswith("networks/own.py: ")
    assert expected in message


def test_wrong_place_is_one_line(folder: Path) -> None:
    (folder / "own.py").write_text(GOOD)
    assert "there is no file networks/own.py, want a file" in said()
    assert "Did you mean 'networks/mine.py'?" in said("networks/main.py:build")
    assert "which is not in network.watch = networks, want it there" in said("own.py:build")
    assert builder_of(network("own.py:build", watch="own.py")) is not None
    assert builder_of(network(None)) is None


@pytest.mark.parametrize("case", SAID_BY_TRYING)
def test_what_trying_tells_is_one_line(folder: Path, make_folds: MakeFolds, case: str) -> None:
    text, expected = SAID_BY_TRYING[case]
    (folder / "networks/own.py").write_text(text)
    architecture = Architecture.of(network("networks/own.py:build"), FEATURES, 2)
    with pytest.raises(InputError) as caught:
        check_built(make_folds()[0], architecture, TRAIN, TUNED)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith("networks/own.py")
    assert expected in message


def test_a_layer_with_a_seed_of_its_own_is_fine(folder: Path, make_folds: MakeFolds) -> None:
    text = dense("keras.layers.GaussianNoise(0.1), keras.layers.Dropout(regularization.dropout)")
    (folder / "networks/own.py").write_text(text)
    architecture = Architecture.of(network("networks/own.py:build"), FEATURES, 2)
    assert check_built(make_folds()[0], architecture, TRAIN, TUNED).epoch > 0
    architecture = Architecture.of(network("networks/own.py:build"), FEATURES, 0)
    assert check_built(make_folds(0)[0], architecture, TRAIN, TUNED).besides > 0
