from __future__ import annotations

import numpy as np
from scipy import stats

from pipeline.training.noise import INPUT_LAYER, input_noise

SEED, EPOCH, STEP = 11, 3, 2


def test_numbers_are_normal_and_uncorrelated() -> None:
    noise = input_noise(SEED, EPOCH, STEP, 4000, 7)
    assert stats.kstest(noise.ravel(), "norm").pvalue > 0.01
    assert np.abs(np.corrcoef(noise.T) - np.eye(7)).max() < 0.06
    assert np.abs(noise).max() < 7


def test_numbers_are_box_and_mullers_of_philox() -> None:
    """NumPy's own arithmetic makes the same numbers of the same random words."""
    words = np.array([philox((block, STEP, EPOCH, INPUT_LAYER), (SEED, 0)) for block in range(6)])
    first, second = (words[:, 0::2] + 1.0) / 2**32, words[:, 1::2] / 2**32
    pair = np.sqrt(-2 * np.log(first)) * np.exp(2j * np.pi * second)
    theirs = np.stack([pair.real, pair.imag], axis=-1).ravel()
    ours = input_noise(SEED, EPOCH, STEP, 3, 7).ravel()
    np.testing.assert_allclose(ours, theirs[: ours.size], rtol=1e-5, atol=1e-6)


def test_steps_epochs_and_seeds_have_streams_of_their_own() -> None:
    places = [
        (SEED, EPOCH, STEP),
        (SEED + 1, EPOCH, STEP),
        (SEED, EPOCH + 1, STEP),
        (SEED, EPOCH, 3),
    ]
    streams = [input_noise(*place, 5, 4) for place in places]
    assert len({stream.tobytes() for stream in streams}) == len(places)


def philox(counter: tuple[int, ...], key: tuple[int, int]) -> list[int]:
    """Return the block of Philox4x32-10 (Salmon et al. 2011), in Python's whole numbers."""
    a, b, c, d = counter
    for turn in range(10):
        keys = [(key[0] + turn * 0x9E3779B9) % 2**32, (key[1] + turn * 0xBB67AE85) % 2**32]
        first, second = a * 0xD2511F53, c * 0xCD9E8D57
        a, b = (second >> 32) ^ b ^ keys[0], second % 2**32
        c, d = (first >> 32) ^ d ^ keys[1], first % 2**32
    return [a, b, c, d]
