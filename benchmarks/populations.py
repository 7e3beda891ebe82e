"""Populations that studies are drawn from: made-up ones, and the images of MNIST as a table."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.special import expit

from pipeline.tasks.arrays import Labels

# Side of the squares that an image's grey values are averaged over.
MNIST_BLOCK = 7


class Drawn(NamedTuple):
    """Rows of a population."""

    x: np.ndarray
    y: Labels


@dataclass(frozen=True)
class Case:
    """A population, how many rows a study has, and for how long a fit trains.

    real: whether its rows come from a table.
    """

    name: str
    rows: int
    draw: Callable[[np.random.Generator, int], Drawn]
    real: bool = False
    epochs: int = 30


def _logistic(
    columns: int, signal: Callable[[np.ndarray], np.ndarray]
) -> Callable[[np.random.Generator, int], Drawn]:
    """Return a population of normal columns and a class whose log odds are the signal."""

    def draw(rng: np.random.Generator, rows: int) -> Drawn:
        x = rng.normal(size=(rows, columns))
        return Drawn(x.astype(np.float32), (rng.random(rows) < expit(signal(x))).astype(np.int32))

    return draw


def _mislabelled(columns: int, share: float) -> Callable[[np.random.Generator, int], Drawn]:
    """Return a population of two separate classes, a small share of whose labels are wrong."""

    def draw(rng: np.random.Generator, rows: int) -> Drawn:
        x = rng.normal(size=(rows, columns))
        right = x[:, 0] + x[:, 1] > 0
        return Drawn(x.astype(np.float32), (right != (rng.random(rows) < share)).astype(np.int32))

    return draw


def mnist_archive() -> Path:
    """Return where Keras keeps MNIST; stop if it is not there."""
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    archive = home / "datasets/mnist.npz"
    if not archive.is_file():
        raise SystemExit(
            f"bench: {archive} is not there, want Keras' archive of MNIST, from which the part"
            " coverage draws its studies. Put mnist.npz there, or set KERAS_HOME to a folder that"
            " holds datasets/mnist.npz."
        )
    return archive


@cache
def _mnist() -> Drawn:
    """Return mean grey values of 16 blocks of each image, and whether its digit is odd."""
    with np.load(mnist_archive()) as arrays:
        images = [arrays["x_train"], arrays["x_test"]]
        digits = np.concatenate([arrays["y_train"], arrays["y_test"]])
    parts = [part for half in images for part in np.array_split(half, 10)]
    return Drawn(np.concatenate([_blocks(part) for part in parts]), digits.astype(np.int32) % 2)


def _blocks(images: np.ndarray) -> np.ndarray:
    """Return (image, block) mean grey values of square blocks, in [0, 1]."""
    side = images.shape[1] // MNIST_BLOCK
    grey = (images / np.float32(255)).reshape(-1, side, MNIST_BLOCK, side, MNIST_BLOCK)
    return np.asarray(grey.mean((2, 4)).reshape(len(images), -1), np.float32)


def _odd_digits(rng: np.random.Generator, rows: int) -> Drawn:
    x, y = _mnist()
    chosen = rng.choice(len(y), rows, replace=False)
    return Drawn(x[chosen], y[chosen])


def _permuted(rng: np.random.Generator, rows: int) -> Drawn:
    x, y = _odd_digits(rng, rows)
    return Drawn(x, rng.permutation(y))


CASES = (
    Case("noisy labels", 300, _logistic(16, lambda x: x[:, 0] + x[:, 1] - x[:, 2] * x[:, 3])),
    Case("clear classes", 600, _logistic(8, lambda x: 4 * x[:, 0] + 2 * x[:, 1] * x[:, 2])),
    Case("rare class", 500, _logistic(12, lambda x: 2 * x[:, 0] + x[:, 1] - 4)),
    Case("MNIST, 300 rows", 300, _odd_digits, real=True),
    Case("MNIST, 1,000 rows", 1000, _odd_digits, real=True),
    Case("permuted labels", 400, _permuted),
    Case("MNIST, short training", 500, _odd_digits, real=True, epochs=8),
    Case("few blunders", 500, _mislabelled(10, 0.015)),
)
