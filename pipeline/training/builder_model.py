"""Run a builder, and check that what it builds can be trained, judged and saved."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import numpy as np

from pipeline.config.errors import InputError, one_line
from pipeline.config.sections.regularization import Regularization
from pipeline.training._tensorflow import keras
from pipeline.training.architecture import Architecture
from pipeline.training.arrays import FloatArray
from pipeline.training.builder import SIGNATURE, Builder

LETTERS_SHOWN = 160
# Rows that a new model is tried on, and how large their values are: some small, some large.
TRIED_ROWS, TRIED_SCALES = 48, (1.0, 30.0)
FEW_ROWS = 3


def build_model(
    architecture: Architecture, regularization: Regularization, seed: int
) -> keras.Model:
    """Build a new model whose initial weights and random layers the seed decides.

    `InputError` says what is wrong with the builder.
    """
    assert architecture.builder, "only an architecture with a builder is built by it"
    # Clearing the session wipes the seed, so it comes first.
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(seed)
    builder = architecture.builder
    function = _function(builder)
    with_values = (architecture.features, architecture.outputs, regularization)
    model = _run(builder, f"{builder.function} fails", lambda: function(*with_values))
    if not isinstance(model, keras.Model):
        raise _wrong(builder, f"returns {_kind(model)}", "a keras.Model", "Return the model")
    if getattr(model, "compiled", False):
        raise _wrong(
            builder,
            "returns a compiled model",
            "one that is not, as train's parameters say how it is trained",
            "Delete model.compile(…)",
        )
    # A model of a class of its own has no weights before it has seen rows.
    _outputs(builder, model, architecture, np.zeros((1, architecture.features), np.float32))
    if not model.trainable_weights:
        raise _wrong(
            builder, "returns a model without trainable weights", "some", "Set trainable = True"
        )
    return model


def check_model(architecture: Architecture, regularization: Regularization) -> None:
    """Raise `InputError` if what is built cannot be judged or saved."""
    builder = architecture.builder
    assert builder
    model = build_model(architecture, regularization, seed=0)
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(TRIED_ROWS, architecture.features)).astype(np.float32)
    outputs = [_outputs(builder, model, architecture, rows * scale) for scale in TRIED_SCALES]
    if not all(np.isfinite(values).all() for values in outputs):
        raise _wrong(
            builder,
            "gives values that are not finite before any training",
            "finite ones",
            "Look at its initial weights and at logarithms and divisions",
        )
    again = _outputs(builder, model, architecture, rows[:FEW_ROWS])
    twice = _outputs(builder, model, architecture, rows[:FEW_ROWS])
    if not np.array_equal(again, twice):
        raise _wrong(
            builder,
            "gives other values for the same rows outside training",
            "a layer that draws randomness in training only",
            "Pass the argument training on, and do not set it to True",
        )
    if architecture.classes and _are_probabilities(np.concatenate(outputs)):
        raise _wrong(
            builder,
            "gives probabilities",
            "logits",
            "Delete the sigmoid or softmax at its end",
        )
    _check_saving(builder, model)


def _outputs(
    builder: Builder, model: keras.Model, architecture: Architecture, rows: FloatArray
) -> FloatArray:
    shape = (len(rows), architecture.outputs)
    given = _run(
        builder,
        f"its model does not take rows of {architecture.features} columns",
        lambda: model(rows, training=False),
    )
    if isinstance(given, (list, tuple, dict)) or getattr(given, "shape", None) is None:
        raise _wrong(builder, f"gives {_kind(given)} for rows", "one array", "Leave one output")
    if tuple(given.shape) != shape:
        what = (
            "one logit per class" if architecture.outputs > 1 else "one logit, of the second class"
        )
        wanted = what if architecture.classes else "one number"
        raise _wrong(
            builder,
            f"gives values of shape {tuple(given.shape)} for {len(rows)} rows",
            f"{shape}, {wanted}",
            "End it with keras.layers.Dense(outputs)",
        )
    values: FloatArray = np.asarray(keras.ops.convert_to_numpy(given), np.float32)
    return values


def _are_probabilities(outputs: FloatArray) -> bool:
    """Say whether values of different rows all look like probabilities."""
    if outputs.min() < 0 or outputs.max() > 1 or np.ptp(outputs) == 0:
        return False
    return outputs.shape[1] == 1 or bool(np.allclose(outputs.sum(axis=1), 1, atol=1e-3))


def _check_saving(builder: Builder, model: keras.Model) -> None:
    with TemporaryDirectory(prefix="network-") as folder:
        _run(
            builder,
            "its model cannot be saved",
            lambda: model.save(Path(folder, "network.keras")),
        )


def _function(builder: Builder) -> Callable[..., Any]:
    """Run the file as a module, and return its function."""
    module = ModuleType(Path(builder.file).stem)
    module.__file__ = builder.file
    # Where classes of the file, such as data classes, are looked up.
    sys.modules[module.__name__] = module
    code = compile(builder.source, builder.file, "exec")
    _run(builder, "the file fails", lambda: exec(code, module.__dict__))
    function: Callable[..., Any] = getattr(module, builder.function)
    return function


def _run(builder: Builder, what: str, call: Callable[[], Any]) -> Any:
    """Call what the user wrote; any error of it is an `InputError` that names the line."""
    try:
        return call()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename == builder.file]
        where = f", line {lines[-1]}" if lines else ""
        text = " ".join(one_line(str(error).replace("\n", " ")).split())
        short = text if len(text) <= LETTERS_SHOWN else f"{text[:LETTERS_SHOWN]}…"
        raise InputError(
            f"{builder.file}{where}: {what} ({type(error).__name__}: {short}), want"
            f" {SIGNATURE} to return a keras.Model that trains. Mend the file."
        ) from None


def _wrong(builder: Builder, got: str, wanted: str, remedy: str) -> InputError:
    return InputError(f"{builder.file}: {builder.function} {got}, want {wanted}. {remedy}.")


def _kind(value: object) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"
