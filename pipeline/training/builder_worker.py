"""A process that fits networks of a builder: it answers to `builder_pool.py`, call after call.

TensorFlow cannot be forked and takes five seconds to start, so each process is a new one that stays
for all calls of a stage. It ends when the stage does, however that ends.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.config.errors import InputError
from pipeline.config.sections.regularization import Regularization
from pipeline.training.architecture import Architecture
from pipeline.training.arrays import FloatArray
from pipeline.training.builder_task import Cost, Task
from pipeline.training.fit import Fit

# A trace takes memory, and members that share one come one after the other.
TRACES_KEPT = 2
# Rows, epochs and seeds of the fits that must be the same again.
REPEATED_ROWS, REPEATED_EPOCHS, SEEDS = 64, 2, (1, 2, 1)


class Worker:
    """Does what the calls ask for; each method is a call."""

    def __init__(self) -> None:
        self._arrays: dict[int, Any] = {}
        self._traced: dict[object, Any] = {}

    def start(self) -> bool:
        """Start TensorFlow, and say whether it has a GPU."""
        from pipeline.training._tensorflow import tensorflow

        tensorflow.config.experimental.enable_op_determinism()
        return bool(tensorflow.config.list_physical_devices("GPU"))

    def keep(self, new: Mapping[int, FloatArray], wanted: set[int]) -> None:
        """Take new arrays, and forget those that are not wanted any more."""
        self._arrays = {key: array for key, array in self._arrays.items() if key in wanted}
        self._arrays |= new

    def fit(self, task: Task) -> Fit:
        """Fit one network."""
        from pipeline.training._tensorflow import tensorflow as tf
        from pipeline.training.builder_fit import FitRows

        for name in ("x", "y"):
            key = task.arrays[name]
            assert key is not None
            if not isinstance(self._arrays[key], tf.Tensor):
                self._arrays[key] = tf.constant(self._arrays[key])
        rows = FitRows(**self._named(task))
        model = self._model(task, len(rows.fit))
        fit: Fit = model.fit(rows, task.seed, task.keep_weights)
        return fit

    def _named(self, task: Task) -> dict[str, Any]:
        return {
            name: None if key is None else self._arrays[key] for name, key in task.arrays.items()
        }

    def _model(self, task: Task, fitting_rows: int) -> Any:
        from pipeline.training.builder_fit import TracedModel

        # Only the schedule of the learning rate depends on the number of rows.
        steps = -(-fitting_rows // task.train.batch_size) if task.train.schedule == "cosine" else 0
        train = task.train.model_dump_json()
        # Patience acts outside the model, but the builder sees it.
        key = (task.architecture, train, task.regularization, steps)
        if key not in self._traced:
            while len(self._traced) >= TRACES_KEPT:
                del self._traced[next(iter(self._traced))]
            self._traced[key] = TracedModel(
                task.architecture, task.regularization, task.train, fitting_rows
            )
        return self._traced[key]

    def check(self, task: Task) -> Cost:
        """Check what the builder builds, and return what a fit costs.

        `InputError` says what is wrong.
        """
        from pipeline.training._tensorflow import tensorflow as tf
        from pipeline.training.builder_fit import FitRows, TracedModel
        from pipeline.training.builder_model import check_model

        check_model(task.architecture, task.regularization)
        arrays = self._named(task)
        arrays |= {name: tf.constant(arrays[name]) for name in ("x", "y")}
        every = FitRows(**arrays)
        few = replace(every, fit=every.fit[:REPEATED_ROWS], stop=every.stop[:1])
        short = task.train.model_copy(update={"max_epochs": REPEATED_EPOCHS})
        begun = time.perf_counter()
        model = TracedModel(task.architecture, task.regularization, short, len(few.fit))
        model.fit(few, SEEDS[0], keep_weights=False)
        besides = time.perf_counter() - begun
        first, _, again = (model.fit(few, seed, keep_weights=True) for seed in SEEDS)
        # Tracing makes a constant of what Python draws, so only another trace draws anew.
        other = TracedModel(task.architecture, task.regularization, short, len(few.fit))
        elsewhere = other.fit(few, SEEDS[0], keep_weights=True)
        if not (_same(first, again) and _same(first, elsewhere)):
            builder = task.architecture.builder
            raise InputError(
                f"{builder.file if builder else ''}: two fits from the same seed end differently,"
                " want a layer that draws randomness to have a seed. Give it"
                " keras.random.SeedGenerator(), or use keras.layers.Dropout."
            )
        # At the least two fits share a trace: those of the folds of one trial.
        return Cost(model.epoch_seconds(every), besides / 2)

    def outputs(
        self, architecture: Architecture, regularization: Regularization,
        networks: list[list[FloatArray]], x: FloatArray,
    ) -> FloatArray:  # fmt: skip
        """Return the outputs (network, row, output) of fitted networks."""
        from pipeline.training._tensorflow import tensorflow as tf
        from pipeline.training.builder_fit import blocks
        from pipeline.training.builder_model import build_model

        model = build_model(architecture, regularization, seed=0)
        traced = tf.function(
            lambda x, rows: blocks(model, x, rows, architecture.outputs), autograph=False
        )
        matrix, rows, found = tf.constant(x), tf.range(len(x)), []
        for weights in networks:
            model.set_weights(weights)
            found.append(traced(matrix, rows).numpy())
        return np.stack(found)

    def save(
        self, path: Path, architecture: Architecture, regularization: Regularization,
        weights: list[FloatArray],
    ) -> None:  # fmt: skip
        """Save a network as a Keras model."""
        from pipeline.training.builder_model import build_model

        model = build_model(architecture, regularization, seed=0)
        model.set_weights(weights)
        model.save(path)


def _same(one: Fit, other: Fit) -> bool:
    return [array.tobytes() for array in (*one.weights, one.loss)] == [
        array.tobytes() for array in (*other.weights, other.loss)
    ]


def main() -> None:
    # The input stays open until this process is no longer wanted, or the other one was killed.
    threading.Thread(target=_end_with_input, daemon=True).start()
    worker, connection = Worker(), Connection(int(sys.argv[1]))
    while True:
        try:
            name, arguments = connection.recv()
        except EOFError:
            return
        call: Callable[..., Any] = getattr(worker, name)
        try:
            answer: tuple[str, Any] = ("done", call(*arguments))
        except InputError as error:
            answer = ("wrong input", str(error))
        except Exception as error:
            answer = ("failed", f"{type(error).__name__}: {error}")
        connection.send(answer)


def _end_with_input() -> None:
    # Not through `sys.stdin`, whose lock a thread must not hold when the interpreter ends.
    while os.read(0, 1):
        continue
    os._exit(1)


if __name__ == "__main__":
    main()
