"""Running a stage or a command as a process: one-line errors, and an end within seconds."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from pipeline.config.errors import InputError
from pipeline.project.progress import elapsed
from pipeline.project.status_line import STATUS, LogHandler

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

logger = logging.getLogger(__name__)

ENDING = (signal.SIGINT, signal.SIGTERM)


class Stopped(BaseException):
    """A signal asked the process to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def run_stage(main: Callable[[], None]) -> None:
    """Run a stage as a command.

    An error that a user can mend ends it with one message, exit code 1 and no traceback. SIGINT and
    SIGTERM end it within seconds, with exit code 128 plus their number.
    """
    logging.basicConfig(level=logging.WARNING, format="%(message)s", handlers=[LogHandler()])
    logging.getLogger("pipeline").setLevel(logging.INFO)
    sys.unraisablehook = _end_if_stopped
    for number in ENDING:
        signal.signal(number, _stop)
    try:
        main()
        # All is done, and the interpreter takes its time to end: no failure any more.
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)
    except InputError as error:
        raise SystemExit(f"ERROR: {error}") from None
    except OSError as error:
        what = error.filename or "a file"
        raise SystemExit(
            f"ERROR: {what}: cannot be read or written ({error.strerror or error}), want a disk"
            " with space and folders that may be written to. Mend that, then run dvc repro again."
        ) from None
    except Stopped as stopped:
        _end(stopped.number)
    finally:
        STATUS.clear()


def _end(number: int, frame: FrameType | None = None) -> NoReturn:
    """Say what stopped the process, and end it at once."""
    name = signal.Signals(number).name
    STATUS.clear()
    sys.stderr.write(f"Stopped by {name}. What is finished is kept: dvc repro goes on from it.\n")
    sys.stderr.flush()
    # Threads in the middle of a fit or a request would otherwise be waited for.
    os._exit(128 + number)


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    raise Stopped(number)


def _end_if_stopped(unraisable: UnraisableHookArgs) -> None:
    """End the process if Python could not raise what a signal asked for, and went on.

    Destructors and callbacks of weak references swallow every exception.
    """
    if isinstance(unraisable.exc_value, Stopped):
        _end(unraisable.exc_value.number)
    sys.__unraisablehook__(unraisable)


def end_while_starting() -> None:
    """Let a signal end a process that still imports its modules, which takes seconds.

    It acts only while Python locates the module of `python -m`, and so never on a mere import.
    """
    if sys.argv[0] == "-m":
        for number in ENDING:
            signal.signal(number, _end)


def show_start() -> None:
    """Show on a terminal that a stage has begun, while it still imports its modules.

    The line stays until the stage ends, where nothing else is to be shown. Processes that a stage
    starts are no stages, and show nothing.
    """
    if sys.argv[0] == "-m":
        stage = sys.orig_argv[sys.orig_argv.index("-m") + 1].rpartition(".")[2]
        STATUS.show(lambda _: f"{stage}: {elapsed()}")
