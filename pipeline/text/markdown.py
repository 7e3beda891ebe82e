"""Escape text from the data, so that Markdown shows it as it is."""

from __future__ import annotations

# Marks with a meaning anywhere in a line of Markdown; a backslash before one takes it away.
SPECIAL = "\\`*_[]|~<>$&"
ESCAPES = str.maketrans({mark: f"\\{mark}" for mark in SPECIAL} | {"\n": " ", "\r": " "})
# Marks with a meaning at the start of a line alone.
STARTS = ("#", "+", "-", "=", "!")


def markdown_text(value: object) -> str:
    """Escape text that stands within a line."""
    return str(value).translate(ESCAPES)


def markdown_line(value: object) -> str:
    """Escape text that stands at the start of a line."""
    text = markdown_text(value)
    return f"\\{text}" if text.startswith(STARTS) else text
