"""Section `compare` of `params.yaml`: how the tuned network and the baseline are judged."""

from __future__ import annotations

from pydantic import Field

from pipeline.config.section import Flag, Section, whole_number
from pipeline.config.sections.published import PublishedRun


class CompareParams(Section):
    """Says how the tuned network and the baseline are judged."""

    seeds: int = whole_number(1, 10_000, 20)
    ablation: Flag = True
    curve_points: int = whole_number(0, 100, 5, default=5)
    bootstrap_sets: int = whole_number(0, 10_000, 50, default=50)
    reference_repeats: int = whole_number(0, 10_000, 100, default=100)
    published: PublishedRun | None = Field(
        default=None, description="a published run, or null", examples=["null"]
    )
    rows: int | None = Field(
        default=5000,
        ge=10,
        le=1_000_000_000,
        description="a whole number from 10 to 1000000000, or null",
        examples=[5000],
    )
    rope: float = Field(default=0.01, ge=0, description="a number >= 0", examples=[0.01])
    coverage: float = Field(
        default=0.9, ge=0.5, lt=1, description="a level from 0.5 to below 1", examples=[0.9]
    )
    resamples: int = whole_number(100, 1_000_000, 2000)
    confidence: float = Field(
        ge=0.5, lt=1, description="a level from 0.5 to below 1", examples=[0.95]
    )
