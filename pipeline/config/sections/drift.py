"""Section `drift` of `params.yaml`: how today's data may differ from the champion's."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pipeline.config.section import OptionalBound, Section, whole_number


class Levels(Section):
    """The sizes from which a change is a warning, and from which it stops the promotion."""

    warn: OptionalBound
    stop: OptionalBound


class DriftParams(Section):
    """Says how today's data may differ from what the champion was trained on."""

    min_rows: int = whole_number(5, 1_000_000, 50)
    error_rate: float = Field(
        gt=0, le=0.5, description="a rate above 0 and at most 0.5", examples=[0.01]
    )
    bins: int = whole_number(2, 100, 10)
    psi: Levels
    missing: Levels
    unseen: Levels
    classes: Levels
    errors: Levels
    schema_change: Literal["warn", "stop"] = Field(description="warn or stop", examples=["stop"])
