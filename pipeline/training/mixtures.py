"""Mixup (Zhang et al. 2018): train on mixtures of two rows.

Each row of a batch is mixed with the next one, and the last with the first. As the order of the
rows is drawn anew in each epoch, the pairs are random. The loss of a mixture is that of either
row's label, by the same shares.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipeline.compiled import compiled
from pipeline.training.arrays import Float32s
from pipeline.training.layout import Workspace, layer_view

ONE = np.float32(1)
# Second word of the key: apart from the stream of the same epoch's batch order.
STREAM = 1


def mixing_shares(seed: int, epoch: int, rows: int, alpha: float) -> Float32s:
    """Draw the share (row,) of each row in its mixture, from Beta(alpha, alpha).

    Empty if alpha is 0, which mixes nothing.
    """
    if alpha == 0:
        return np.empty(0, np.float32)
    key = np.array([seed, ((epoch + 1) << 16) + STREAM], np.uint64)
    draws = np.random.Generator(np.random.Philox(key=key)).beta(alpha, alpha, rows)
    return draws.astype(np.float32)


@compiled
def mix_inputs(work: Workspace, x: Float32s, rows: npt.NDArray[np.int32], shares: Float32s) -> None:
    """Replace the inputs of the first layer by mixtures."""
    inputs = layer_view(work.inputs, work, 0, rows.size)
    for place in range(rows.size):
        own, other = shares[place], ONE - shares[place]
        partner, target = x[rows[(place + 1) % rows.size]], inputs[place]
        for feature in range(target.size):
            target[feature] = own * target[feature] + other * partner[feature]
