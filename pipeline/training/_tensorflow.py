"""Import Keras, after starting TensorFlow without its log lines.

TensorFlow's C++ part writes INFO lines to file descriptor 2 before its log level applies
(tensorflow issue #100442), so nothing in Python can filter them. They are held back, and shown if
the start fails.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


def _start() -> None:
    """Import TensorFlow and run its first operation."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _native_stderr_held():
        import tensorflow as tf

        # The first operation looks for devices, which writes log lines too.
        tf.zeros(1)


@contextmanager
def _native_stderr_held() -> Iterator[None]:
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(stderr, 2)
            held.seek(0)
            sys.stderr.write(held.read().decode(errors="replace"))
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


_start()
import keras  # noqa: E402 - after the quiet start
import tensorflow  # noqa: E402

__all__ = ["keras", "tensorflow"]
