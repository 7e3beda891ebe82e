"""The two kinds of network that are compared, by the names that people read."""

from __future__ import annotations

from typing import Literal

Kind = Literal["tuned", "baseline"]
KINDS: tuple[Kind, ...] = ("tuned", "baseline")
