"""A small terminal: it shows what a process writes to it, as a person would see it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Mapping
from pathlib import Path

CONTROLS = re.compile(r"\r|\n|\x1b\[K|[^\r\n\x1b]+")


def run_in_terminal(
    command: list[str], folder: Path, environment: Mapping[str, str], columns: int = 100
) -> str:
    """Run a command in a terminal, and return every byte that it wrote there."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    ):
        os.close(theirs)
        written = b""
        # A terminal that nobody writes to any more fails to be read.
        try:
            while chunk := os.read(ours, 4096):
                written += chunk
        except OSError:
            pass
    os.close(ours)
    return written.decode()


def screen(written: str) -> list[str]:
    """Return the lines that remain on a terminal that can return, feed lines and erase."""
    lines, column = [""], 0
    for token in CONTROLS.findall(written):
        if token == "\r":
            column = 0
        elif token == "\n":
            lines.append("")
        elif token == "\x1b[K":
            lines[-1] = lines[-1][:column]
        else:
            lines[-1] = lines[-1][:column].ljust(column) + token + lines[-1][column + len(token) :]
            column += len(token)
    return [line.rstrip() for line in lines]
