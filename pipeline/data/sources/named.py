"""Tables that have a name: those of scikit-learn, and MNIST as Keras caches it."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import BadZipFile

import numpy as np
import pandas as pd

from pipeline.config.errors import InputError
from pipeline.data.sources.raw import Raw

# As in keras.datasets.mnist.
MNIST_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
COPY_MNIST = """
import sys, numpy, keras
(x, y), (test_x, test_y) = keras.datasets.mnist.load_data()
numpy.savez(sys.argv[1], x_train=x, y_train=y, x_test=test_x, y_test=test_y)
"""
IMAGE_PIXELS = 28 * 28


def _breast_cancer() -> Raw:
    from sklearn.datasets import load_breast_cancer

    bunch = load_breast_cancer(as_frame=True)
    # scikit-learn codes malignant as 0; here the class to be found is the positive one.
    labels = {0: "malignant", 1: "benign"}
    return Raw(
        name="breast_cancer",
        description="Wisconsin diagnostic breast cancer: 30 measurements of cell nuclei a biopsy",
        frame=bunch.data.assign(diagnosis=bunch.target.map(labels)),
        target="diagnosis",
    )


def _digits() -> Raw:
    from sklearn.datasets import load_digits

    bunch = load_digits(as_frame=True)
    return Raw(
        name="digits",
        description="Handwritten digits: 8 by 8 grey values from 0 to 16",
        frame=bunch.data.assign(digit=bunch.target),
        target="digit",
    )


def _wine() -> Raw:
    from sklearn.datasets import load_wine

    bunch = load_wine(as_frame=True)
    return Raw(
        name="wine",
        description="Wine recognition: 13 chemical measurements of wines of three cultivars",
        frame=bunch.data.assign(cultivar=bunch.target),
        target="cultivar",
    )


def _iris() -> Raw:
    from sklearn.datasets import load_iris

    bunch = load_iris(as_frame=True)
    species = bunch.target.map(dict(enumerate(bunch.target_names)))
    return Raw(
        name="iris",
        description="Iris: four measurements of flowers of three species",
        frame=bunch.data.assign(species=species),
        target="species",
    )


def _mnist() -> Raw:
    cached = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "datasets/mnist.npz"
    notes: tuple[str, ...] = ()
    with TemporaryDirectory(prefix="mnist-") as scratch:
        archive = cached
        if not cached.is_file():
            archive = Path(scratch) / "mnist.npz"
            _download_mnist(archive, cached)
        elif hashlib.sha256(cached.read_bytes()).hexdigest() != MNIST_SHA256:
            notes = (f"{cached} has another checksum than the archive Keras publishes",)
        try:
            with archive.open("rb") as file, np.load(file) as arrays:
                x, y, test_x, test_y = (
                    arrays[name] for name in ("x_train", "y_train", "x_test", "y_test")
                )
            pixels = np.concatenate([x, test_x]).reshape(len(x) + len(test_x), IMAGE_PIXELS)
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            raise InputError(
                f"{cached}: damaged ({error}), want the archive that Keras caches."
                " Delete it to download it again."
            ) from None
    frame = pd.DataFrame(pixels, columns=[f"pixel_{n:03d}" for n in range(pixels.shape[1])])
    more = pd.DataFrame(
        {
            "digit": np.concatenate([y, test_y]),
            "role": np.repeat(["train", "test"], [len(x), len(test_x)]),
        }
    )
    return Raw(
        name="mnist",
        description="MNIST: handwritten digits as 28 by 28 grey values from 0 to 255",
        frame=pd.concat([frame, more], axis=1),
        target="digit",
        role="role",
        notes=notes,
    )


def _download_mnist(archive: Path, cached: Path) -> None:
    """Let Keras download it into its cache, and copy what it loads."""
    # In a process of its own: Keras starts TensorFlow, and both print what they like.
    done = subprocess.run(
        [sys.executable, "-c", COPY_MNIST, str(archive)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise InputError(
            f"{cached}: not there, and Keras cannot download it ({why[:160]}), want its archive of"
            " MNIST. Put mnist.npz there, or set KERAS_HOME."
        )


def _diabetes() -> Raw:
    from sklearn.datasets import load_diabetes

    bunch = load_diabetes(as_frame=True, scaled=False)
    return Raw(
        name="diabetes",
        description="Diabetes progression a year on: age, sex, body mass and 7 blood measurements",
        frame=bunch.data.assign(progression=bunch.target),
        target="progression",
    )


NAMED: dict[str, Callable[[], Raw]] = {
    "breast_cancer": _breast_cancer,
    "digits": _digits,
    "wine": _wine,
    "iris": _iris,
    "diabetes": _diabetes,
    "mnist": _mnist,
}
