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
    """A table. rows: cells of each; the first cell is the row's header.

    folded: whether the page shows it only when asked, as a figure shows the same. printed: whether
    a folded table is on paper all the same, for the figures that the chart does not write out.
    """

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    folded: bool = False
    printed: bool = False
    kind: str = "table"


@dataclass(frozen=True)
class ChartBlock:
    """Drawings with text that stays readable at any width, by name; several stand side by side.

    alt: what they show, for those who cannot see them.
    """

    names: Sequence[str]
    alt: str
    caption: str
    kind: str = "chart"


@dataclass(frozen=True)
class KeyFigure:
    """A figure that stands alone: what it is, its value, and a note in small print."""

    title: str
    value: str
    note: str


@dataclass(frozen=True)
class FiguresBlock:
    """A few figures side by side."""

    figures: Sequence[KeyFigure]
    kind: str = "figures"


Block = (
    ChartBlock | FiguresBlock | HeadingBlock | ItemsBlock | StatementBlock | TableBlock | TextBlock
)
