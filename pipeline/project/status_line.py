"""The last line of a terminal: it says what is going on, and other lines appear above it."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

# When the stage began, or nearly so: this module is among the first that it imports.
BEGUN = time.monotonic()
REDRAW_S = 1.0
# Where a terminal does not say how wide it is.
USUAL_COLUMNS = 80
# Gives the line, for a terminal of so many columns.
Text = Callable[[int], str]
# Moves to the line's beginning, and erases to its end.
START, ERASE = "\r", "\x1b[K"


class StatusLine:
    """A line that is redrawn every second until it is cleared; nothing where there is no terminal.

    stream: the terminal, standard error if none is given.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._given = stream
        self._text: Text | None = None
        # Signals are handled between any two steps, and their handlers clear the line.
        self._lock = threading.RLock()
        self._ticking: threading.Thread | None = None

    @property
    def works(self) -> bool:
        """Say whether there is a terminal that can erase a line."""
        return self._stream.isatty() and os.environ.get("TERM", "") not in ("", "dumb")

    def show(self, text: Text) -> None:
        """Show a line from now on, in the place of the one that was there.

        text: is asked for the line each time that it is drawn.
        """
        if not self.works:
            return
        with self._lock:
            self._text = text
            self._draw()
            if self._ticking is None:
                self._ticking = threading.Thread(target=self._tick, daemon=True)
                self._ticking.start()

    @contextmanager
    def showing(self, text: Text) -> Iterator[None]:
        """Show another line during the block."""
        before = self._text
        self.show(text)
        try:
            yield
        finally:
            if before is None:
                self.clear()
            else:
                self.show(before)

    def redraw(self) -> None:
        """Ask for the line's text again now."""
        with self._lock:
            if self._text is not None:
                self._draw()

    def clear(self) -> None:
        """Take the line away."""
        with self._lock:
            if self._text is not None:
                self._text = None
                self._write(START + ERASE)

    @contextmanager
    def above(self) -> Iterator[None]:
        """Take the line away for the block, which writes whole lines, and show it again below."""
        with self._lock:
            shown = self._text
            self.clear()
            try:
                yield
            finally:
                self._text = shown
                self.redraw()

    @property
    def _stream(self) -> TextIO:
        return self._given or sys.stderr

    def _tick(self) -> None:
        pause = threading.Event()
        while not pause.wait(REDRAW_S):
            self.redraw()

    def _draw(self) -> None:
        assert self._text is not None
        # A line that is as wide as the terminal would be continued on the next.
        width = self._columns() - 1
        self._write(START + self._text(width)[:width] + ERASE)

    def _columns(self) -> int:
        try:
            return os.get_terminal_size(self._stream.fileno()).columns or USUAL_COLUMNS
        except (OSError, ValueError):
            return USUAL_COLUMNS

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


# A terminal has one last line.
STATUS = StatusLine()


class LogHandler(logging.StreamHandler[TextIO]):
    """Writes log records to standard error, above the status line."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        with STATUS.above():
            super().emit(record)
