"""The content of a report apart from its looks: blocks that both HTML and Markdown render.

All text is plain: renderers escape it, so names and values from the data are shown as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class HeadingBlock:
    """The title of a section."""

    text: str
    kind: str = "heading"


@dataclass(frozen=True)
class TextBlock:
    """A paragraph."""

    text: str
    kind: str = "text"


@dataclass(frozen=True)
class StatementBlock:
    """A sentence that answers a question. tone: its first word is a class of the style sheet."""

    text: str
    tone: str
    kind: str = "statement"


@dataclass(frozen=True)
class ItemsBlock:
    """A list."""

    texts: Sequence[str]
    kind: str = "items"


@dataclass(frozen=True)
class TableBlock:
    """A table. rows: cells of each; the first cell is the row's header."""

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    kind: str = "table"


@dataclass(frozen=True)
class PictureBlock:
    """A figure by name.

    alt: what it shows, for those who cannot see it. half: whether two fit side by side.
    """

    name: str
    alt: str
    caption: str
    half: bool = False
    kind: str = "picture"


Block = HeadingBlock | TextBlock | StatementBlock | ItemsBlock | TableBlock | PictureBlock
