"""Philox gives its published numbers; masks drop at their rate and differ where they should."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.training.random_streams import (
    MASK_LEVELS,
    batch_order,
    drop_threshold,
    mask_bits,
    philox,
)

# Known answers that Random123 1.14 ships for philox4x32-10: counter, key, result.
KNOWN = [
    ("00000000 " * 4, "00000000 " * 2, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff " * 4, "ffffffff " * 2, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    (
        "243f6a88 85a308d3 13198a2e 03707344",
        "a4093822 299f31d0",
        "d16cfe09 94fdcceb 5001e420 24126ea1",
    ),
]


@pytest.mark.parametrize(("counter", "key", "result"), KNOWN)
def test_philox_gives_the_known_answers(counter: str, key: str, result: str) -> None:
    words = [np.uint32(int(word, 16)) for word in f"{counter} {key}".split()]
    assert [f"{word:08x}" for word in philox(*words)] == result.split()


def test_masks_drop_at_their_rate() -> None:
    bits = np.stack([mask_bits(7, 2, 1, step, 32, 300) for step in range(100)])
    for rate in (0.1, 0.5, 0.9):
        dropped = (bits < drop_threshold(rate)).mean()
        deviation = np.sqrt(rate * (1 - rate) / bits.size)
        assert dropped == pytest.approx(rate, abs=4 * deviation)
    assert abs(np.corrcoef(bits[0].ravel(), bits[1].ravel())[0, 1]) < 4 / np.sqrt(bits[0].size)
    assert bits.max() == MASK_LEVELS - 1 or bits.max() > 0.999 * MASK_LEVELS


def test_each_seed_epoch_layer_and_step_has_bits_of_its_own() -> None:
    bits = mask_bits(1, 1, 1, 1, 5, 3)
    np.testing.assert_array_equal(bits, mask_bits(1, 1, 1, 1, 5, 3))
    for other in ((2, 1, 1, 1), (1, 2, 1, 1), (1, 1, 2, 1), (1, 1, 1, 2), (2**32 + 1, 1, 1, 1)):
        assert not np.array_equal(bits, mask_bits(*other, 5, 3))


def test_an_order_visits_each_row_once() -> None:
    order = batch_order(3, 4, 50)
    assert sorted(order) == list(range(50))
    assert not np.array_equal(order, batch_order(3, 5, 50))
