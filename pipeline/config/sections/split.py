"""Section `split` of `params.yaml`: the shares of the roles, and the folds inside train."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from pipeline.config.section import Section, Seed, whole_number

FRACTIONS_TOLERANCE = 1e-9

Fraction = Annotated[
    float, Field(gt=0, lt=1, description="a share between 0 and 1", examples=[0.15])
]


class SplitParams(Section):
    """Shares of the roles and the folds inside train."""

    train: Fraction
    val: Fraction
    test: Fraction
    folds: int = whole_number(2, 50, 5)
    group: str | None = Field(
        min_length=1, description="a column's name or null", examples=["patient_id"]
    )
    role: str | None = Field(
        default=None, min_length=1, description="a column's name or null", examples=["role"]
    )
    rows: int | None = Field(
        default=None,
        ge=10,
        le=1_000_000_000,
        description="a whole number from 10 to 1000000000, or null",
        examples=[6000],
    )
    seed: Seed

    @model_validator(mode="after")
    def _shares_add_up(self) -> Self:
        total = self.train + self.val + self.test
        if abs(total - 1) > FRACTIONS_TOLERANCE:
            raise ValueError(
                f"train + val + test is {total:g}, want 1."
                " Change one share, e.g. 0.70 + 0.15 + 0.15."
            )
        return self
