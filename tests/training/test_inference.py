"""The served model predicts as the Keras network does, whatever network params.yaml allows."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any, get_args

import numpy as np
import pytest

from pipeline.comparison.served_interval import ServedNumber
from pipeline.config.sections.data import TargetTransform
from pipeline.config.sections.network import LayerParams
from pipeline.config.sections.regularization import OFF
from pipeline.data.target import TargetScale
from pipeline.training import inference as module
from pipeline.training.architecture import Architecture, initial_weights
from pipeline.training.inference import numbers, probabilities, read_layers, read_number
from pipeline.training.network import export_network
from pipeline.training.portable import write_weights

ACTIVATIONS = get_args(LayerParams.model_fields["activation"].annotation)


def network(
    activation: str, classes: int, batch_norm: bool, depth: int = 2
) -> tuple[Architecture, list[np.ndarray]]:
    layers = tuple(
        LayerParams(units=7 - n, activation=activation, dropout=n == 0)  # type: ignore[arg-type]
        for n in range(depth)
    )
    architecture = Architecture(5, classes, layers, False, batch_norm)
    rng = np.random.default_rng(0)
    # Away from the initial values, so that biases and moving statistics matter.
    weights = [
        w + 0.3 * rng.random(w.shape).astype(np.float32) for w in initial_weights(architecture, 1)
    ]
    return architecture, weights


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("batch_norm", [False, True])
def test_probabilities_are_those_of_keras(
    activation: str, classes: int, batch_norm: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BLOCK_ROWS", 8)  # several blocks, the last not full
    architecture, weights = network(activation, classes, batch_norm)
    write_weights(tmp_path / "w.npz", architecture, weights)
    # Ordinary rows, and some far out, where exponentials overflow.
    x = np.random.default_rng(1).normal(size=(30, 5)).astype(np.float32)
    x[20:] *= 40
    given = x.copy()
    p = probabilities(read_layers(tmp_path / "w.npz"), x)
    keras = np.asarray(export_network(architecture, OFF, weights)(x, training=False))
    if classes == 2:
        keras = np.concatenate([1 - keras, keras], axis=1)
    assert p.dtype == np.float32
    assert np.ptp(p[:, 0]) > 0.05
    np.testing.assert_allclose(p, keras, rtol=2e-5, atol=2e-6)
    assert np.array_equal(x, given)


@pytest.mark.parametrize("transform", ["none", "log1p"])
def test_numbers_are_those_of_keras_in_the_units_of_the_target(
    transform: TargetTransform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BLOCK_ROWS", 8)
    architecture, weights = network("tanh", 0, batch_norm=True)
    served = ServedNumber(TargetScale(transform, 3.0, 0.5), 0.9, 0.7, 40)
    write_weights(tmp_path / "w.npz", architecture, weights, served.exported)
    x = np.random.default_rng(1).normal(size=(30, 5)).astype(np.float32)
    number = read_number(tmp_path / "w.npz")
    assert number
    answer = numbers(read_layers(tmp_path / "w.npz"), number, x)
    keras = np.asarray(export_network(architecture, OFF, weights)(x, training=False))
    predicted = served.scale.to_units(keras[:, 0])
    assert np.ptp(predicted) > 0.1
    np.testing.assert_allclose(answer[:, 0], predicted, rtol=2e-5)
    np.testing.assert_allclose(answer[:, 1:].T, served.ends(answer[:, 0]), rtol=1e-6)


def test_a_network_that_tells_classes_apart_has_no_number(tmp_path: Path) -> None:
    write_weights(tmp_path / "w.npz", *network("relu", 2, batch_norm=False))
    assert read_number(tmp_path / "w.npz") is None


def test_requests_side_by_side_leave_the_threads_of_blas_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    architecture, weights = network("relu", 2, batch_norm=False)
    write_weights(tmp_path / "w.npz", architecture, weights)
    layers, x = read_layers(tmp_path / "w.npz"), np.ones((3, 5), np.float32)
    entered, left, real = [Event(), Event()], Event(), module._outputs

    def outputs(*arguments: Any) -> Any:
        """The first to enter leaves after the second has entered, and the second leaves last."""
        first = not entered[0].is_set()
        entered[not first].set()
        (entered[1] if first else left).wait(timeout=0.5)
        return real(*arguments)

    def request(_: int) -> None:
        probabilities(layers, x)
        left.set()

    monkeypatch.setattr(module, "_outputs", outputs)
    before = module.BLAS.info()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(request, range(2)))
    assert module.BLAS.info() == before


def test_a_network_without_hidden_layers_is_logistic_regression(tmp_path: Path) -> None:
    architecture, (kernel, bias) = network("relu", 2, batch_norm=True, depth=0)
    write_weights(tmp_path / "w.npz", architecture, [kernel, bias])
    x = np.random.default_rng(1).normal(size=(9, 5)).astype(np.float32)
    p = probabilities(read_layers(tmp_path / "w.npz"), x)
    np.testing.assert_allclose(p[:, 1:], 1 / (1 + np.exp(-x @ kernel - bias)), rtol=1e-6)


@pytest.mark.parametrize("batch_norm", [False, True])
def test_equal_networks_give_equal_bytes(tmp_path: Path, batch_norm: bool) -> None:
    architecture, weights = network("relu", 3, batch_norm)
    for name in ("one.npz", "two.npz"):
        write_weights(tmp_path / name, architecture, weights)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_a_pickled_array_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "w.npz", activations=np.array([{}], object))
    with pytest.raises(ValueError, match="allow_pickle"):
        read_layers(tmp_path / "w.npz")


def test_inference_stands_alone() -> None:
    script = (
        "import runpy, sys; runpy.run_path(sys.argv[1]);"
        "print(sorted({m.split('.')[0] for m in sys.modules} & set(sys.argv[2:])))"
    )
    unwanted = ["pipeline", "tensorflow", "keras", "numba", "scipy", "sklearn", "pandas"]
    done = subprocess.run(
        [sys.executable, "-c", script, str(module.__file__), *unwanted],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
