"""The luck of a fit: batch order and dropout masks, each a pure function of the member's seed.

Members of the same seed share their luck whatever else differs (common random numbers), which
makes differences between trials sharper; and no member's luck depends on who else is trained.
Streams are Philox's, keyed by (seed, epoch, purpose), so any epoch can be drawn on its own.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

MASK_LEVELS = 2**16
_ORDER = 0


def _stream(seed: int, epoch: int, purpose: int) -> np.random.Generator:
    # The second word is above 0, so no stream is that of the initial weights.
    key = np.array([seed, (epoch + 1) << 16 | purpose], np.uint64)
    return np.random.Generator(np.random.Philox(key=key))


def batch_order(seed: int, epoch: int, rows: int) -> npt.NDArray[np.int32]:
    """Order in which an epoch visits its fitting rows: (row,) positions in `Fold.fit`.

    Each position draws a number, and positions are visited by rising number. As position i draws
    the same number whatever `rows` is, folds of unequal size share the order of what they share.
    """
    return _stream(seed, epoch, _ORDER).random(rows).argsort(kind="stable").astype(np.int32)


def mask_stream(seed: int, epoch: int, layer: int) -> np.random.Generator:
    """The stream behind the dropout masks of one layer in one epoch."""
    return _stream(seed, epoch, 1 + layer)


def mask_bits(
    stream: np.random.Generator, steps: int, rows: int, units: int
) -> npt.NDArray[np.uint16]:
    """The next steps' bits, (step, row, unit): a unit is dropped where bits < rate · 2^16."""
    return stream.integers(0, MASK_LEVELS, (steps, rows, units), np.uint16)


def drop_threshold(rate: float) -> int:
    """Bits below this are dropped; the rate is met to 2^-17."""
    return min(round(rate * MASK_LEVELS), MASK_LEVELS - 1)
