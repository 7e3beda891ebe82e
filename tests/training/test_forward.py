from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from pipeline.config.sections.network import LayerParams
from pipeline.config.sections.regularization import OFF
from pipeline.training import forward as module
from pipeline.training.architecture import Architecture, initial_weights
from pipeline.training.forward import forward
from pipeline.training.network import export_network


@pytest.mark.parametrize("activation", ["relu", "tanh", "selu", "gelu"])
@pytest.mark.parametrize(("classes", "batch_norm"), [(2, False), (2, True), (4, True)])
def test_logits_are_those_of_the_exported_networks(
    activation: str, classes: int, batch_norm: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BLOCK_ROWS", 8)  # several blocks, the last not full
    layers = (
        LayerParams(units=7, activation=activation, dropout=True),  # type: ignore[arg-type]
        LayerParams(units=4, activation=activation),  # type: ignore[arg-type]
    )
    architecture = Architecture(5, classes, layers, False, batch_norm)
    rng = np.random.default_rng(0)
    # Away from the initial values, so that shifts and moving statistics matter.
    networks = [
        [
            w + 0.3 * rng.random(w.shape).astype(np.float32)
            for w in initial_weights(architecture, seed)
        ]
        for seed in range(3)
    ]
    x = rng.normal(size=(30, 5)).astype(np.float32)
    outputs = forward(architecture, networks, x)
    assert outputs.shape == (3, 30, architecture.outputs)
    for logits, weights in zip(outputs, networks, strict=True):
        p = np.asarray(export_network(architecture, OFF, weights)(x, training=False))
        ours = 1 / (1 + np.exp(-logits)) if classes == 2 else softmax(logits, axis=-1)
        np.testing.assert_allclose(ours, p, atol=2e-6)
