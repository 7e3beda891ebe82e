"""The two kinds of network that are compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Kind = Literal["best", "baseline"]
KINDS: tuple[Kind, ...] = ("best", "baseline")
# The names that people read.
KIND_TITLES: Mapping[Kind, str] = {"best": "tuned", "baseline": "baseline"}
