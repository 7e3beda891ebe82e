"""The record that every source gives."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True, eq=False)
class Raw:
    """Rows as a source gives them, and what it knows about them.

    target: the column it is known for. role: the column that holds its own roles, such as test.
    texts: whether each cell is the text in the file, so that types are still to be found.
    notes: what was guessed while reading.
    """

    name: str
    description: str
    frame: pd.DataFrame
    target: str | None = None
    role: str | None = None
    texts: bool = False
    notes: tuple[str, ...] = ()
