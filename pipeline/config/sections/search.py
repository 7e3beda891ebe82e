"""Section `search` of `params.yaml`: how many trials the study has, and its search space."""

from __future__ import annotations

from pipeline.config.section import Section, whole_number
from pipeline.config.sections.regularization import SpaceParams


class SearchParams(Section):
    """Says how many trials the study has, and from which space they are drawn."""

    trials: int = whole_number(1, 1_000_000, 100)
    batch: int = whole_number(1, 10_000, 8)
    space: SpaceParams
