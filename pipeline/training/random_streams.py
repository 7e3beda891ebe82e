"""The random streams of a fit: batch order and dropout masks, pure functions of a member's seed.

Members of one seed share their random streams whatever else differs (common random numbers), which
makes comparisons between trials more precise; and no member's stream depends on which others are
trained. Both come from Philox, a counter-based generator (Salmon et al. 2011, "Parallel random
numbers: as easy as 1, 2, 3"), so that the numbers of any step can be drawn on their own: the order
by NumPy's implementation, the masks by the one below, inside the compiled step.
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
    """Return the order in which an epoch visits its fitting rows: (row,) positions in `Fold.fit`.

    Each position draws a number, and positions are visited in ascending order of their numbers. As
    a position draws the same number whatever `rows` is, folds of unequal size visit the positions
    that both have in the same order.
    """
    # The second word of the key is above 0, so no stream is that of the initial weights.
    key = np.array([seed, (epoch + 1) << 16], np.uint64)
    draws = np.random.Generator(np.random.Philox(key=key)).random(rows)
    order = draws.argsort(kind="stable").astype(np.int32)
    order.setflags(write=False)
    return order


def mask_bits(
    seed: int, epoch: int, layer: int, step: int, rows: int, units: int
) -> npt.NDArray[np.uint16]:
    """Return a step's random bits (row, unit); a unit is dropped where bits < rate · 2^16."""
    bits = np.empty(mask_buffer_size(rows * units), np.uint16)
    draw_mask_bits(bits, seed, epoch, layer, step)
    return bits[: rows * units].reshape(rows, units)


@compiled
def mask_buffer_size(units: int) -> int:
    """Return the length of a buffer for the bits of so many units, a whole number of blocks."""
    return -(-units // HALVES) * HALVES


def drop_threshold(rate: float) -> int:
    """Return the number below which bits drop a unit; it meets the rate to within 2^-17."""
    return min(round(rate * MASK_LEVELS), MASK_LEVELS - 1)


@compiled
def draw_mask_bits(
    bits: npt.NDArray[np.uint16], seed: int, epoch: int, layer: int, step: int
) -> None:
    """Fill a buffer, whose length is a `mask_buffer_size`, with the bits of one step.

    Half h of block b is stored at h · blocks + b, so that neighbours are computed alike and the
    compiler vectorizes the loop.
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
    """Return Philox4x32-10 of a counter of four words and a key of two."""
    for _ in range(ROUNDS):
        first, second = MULTIPLIERS[0] * np.uint64(a), MULTIPLIERS[1] * np.uint64(c)
        a = np.uint32(second >> _WORD) ^ b ^ key_0
        b = np.uint32(second & _LOW)
        c = np.uint32(first >> _WORD) ^ d ^ key_1
        d = np.uint32(first & _LOW)
        key_0 = np.uint32(key_0 + KEY_STEPS[0])
        key_1 = np.uint32(key_1 + KEY_STEPS[1])
    return a, b, c, d
