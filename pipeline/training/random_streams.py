"""The luck of a fit: batch order and dropout masks, each a pure function of the member's seed.

Members of the same seed share their luck whatever else differs (common random numbers), which
makes differences between trials sharper; and no member's luck depends on who else is trained.
Both come from Philox, a counter-based generator (Salmon et al. 2011, "Parallel random numbers: as
easy as 1, 2, 3"), so any step's luck can be drawn on its own: the order by NumPy's, the masks by
the one below, inside the compiled step.
"""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

from pipeline.compiled import compiled, inlined

MASK_LEVELS = 2**16
MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
KEY_STEPS = (np.uint32(0x9E3779B9), np.uint32(0xBB67AE85))
ROUNDS = 10
HALVES = 8  # a block of four 32-bit words is eight 16-bit halves
_LOW, _WORD, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32), np.uint32(16)
_ORDERS_KEPT = 128


@functools.lru_cache(maxsize=_ORDERS_KEPT)
def batch_order(seed: int, epoch: int, rows: int) -> npt.NDArray[np.int32]:
    """Order in which an epoch visits its fitting rows: (row,) positions in `Fold.fit`.

    Each position draws a number, and positions are visited by rising number. As position i draws
    the same number whatever `rows` is, folds of unequal size share the order of what they share.
    """
    # The second word is above 0, so no stream is that of the initial weights.
    key = np.array([seed, (epoch + 1) << 16], np.uint64)
    draws = np.random.Generator(np.random.Philox(key=key)).random(rows)
    order = draws.argsort(kind="stable").astype(np.int32)
    order.setflags(write=False)
    return order


def mask_bits(
    seed: int, epoch: int, layer: int, step: int, rows: int, units: int
) -> npt.NDArray[np.uint16]:
    """Bits of one step, (row, unit): a unit is dropped where bits < rate · 2^16."""
    bits = np.empty(mask_places(rows * units), np.uint16)
    draw_mask_bits(bits, seed, epoch, layer, step)
    return bits[: rows * units].reshape(rows, units)


@compiled
def mask_places(units: int) -> int:
    """Length of a buffer for the bits of this many units: whole blocks."""
    return -(-units // HALVES) * HALVES


def drop_threshold(rate: float) -> int:
    """Bits below this are dropped; the rate is met to 2^-17."""
    return min(round(rate * MASK_LEVELS), MASK_LEVELS - 1)


@compiled
def draw_mask_bits(
    bits: npt.NDArray[np.uint16], seed: int, epoch: int, layer: int, step: int
) -> None:
    """Fill the buffer, of `mask_places` length.

    Half h of block b stands at h · blocks + b, so that neighbours are computed alike and the
    compiler does many at a time.
    """
    blocks = bits.size // HALVES
    key_0, key_1 = np.uint32(seed), np.uint32(seed >> 32)
    for block in range(blocks):
        a, b, c, d = philox(
            np.uint32(block), np.uint32(step), np.uint32(epoch), np.uint32(layer), key_0, key_1
        )
        bits[block] = np.uint16(a)
        bits[blocks + block] = np.uint16(a >> _HALF)
        bits[2 * blocks + block] = np.uint16(b)
        bits[3 * blocks + block] = np.uint16(b >> _HALF)
        bits[4 * blocks + block] = np.uint16(c)
        bits[5 * blocks + block] = np.uint16(c >> _HALF)
        bits[6 * blocks + block] = np.uint16(d)
        bits[7 * blocks + block] = np.uint16(d >> _HALF)


@inlined
def philox(
    a: np.uint32, b: np.uint32, c: np.uint32, d: np.uint32, key_0: np.uint32, key_1: np.uint32
) -> tuple[np.uint32, np.uint32, np.uint32, np.uint32]:
    """Philox4x32-10 of a counter of four words and a key of two."""
    for _ in range(ROUNDS):
        first, second = MULTIPLIERS[0] * np.uint64(a), MULTIPLIERS[1] * np.uint64(c)
        a = np.uint32(second >> _WORD) ^ b ^ key_0
        b = np.uint32(second & _LOW)
        c = np.uint32(first >> _WORD) ^ d ^ key_1
        d = np.uint32(first & _LOW)
        key_0 = np.uint32(key_0 + KEY_STEPS[0])
        key_1 = np.uint32(key_1 + KEY_STEPS[1])
    return a, b, c, d
