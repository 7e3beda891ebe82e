"""Text from the data, shown in Markdown as it is."""

from __future__ import annotations

# What Markdown gives a meaning to anywhere in a line; a backslash before it takes it away.
SPECIAL = "\\`*_[]|~<>$&"
ESCAPES = str.maketrans({mark: f"\\{mark}" for mark in SPECIAL} | {"\n": " ", "\r": " "})
# What has a meaning at the start of a line alone.
STARTS = ("#", "+", "-", "=", "!")


def markdown_text(value: object) -> str:
    """Text that Markdown shows as it is, within a line."""
    return str(value).translate(ESCAPES)


def markdown_line(value: object) -> str:
    """Text that Markdown shows as it is, at the start of a line."""
    text = markdown_text(value)
    return f"\\{text}" if text.startswith(STARTS) else text
