"""Section `evaluate` of `params.yaml`: nested cross-validation of the whole procedure."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from pipeline.config.section import Section, whole_number


class EvaluateParams(Section):
    """Says how the tuned procedure is judged on all rows but the test rows."""

    folds: int = whole_number(0, 50, 5)
    repeats: int = whole_number(1, 1000, 4)
    inner_folds: int = whole_number(2, 50, 2)
    trials: int = whole_number(1, 1_000_000, 20)
    strengths: int = whole_number(1, 100, 3)
    seeds: int = whole_number(1, 1000, 1)
    rows: int | None = Field(
        ge=10,
        le=1_000_000_000,
        description="a whole number from 10 to 1000000000, or null",
        examples=[5000],
    )

    @model_validator(mode="after")
    def _folds_in_the_plural(self) -> Self:
        if self.folds == 1:
            raise ValueError(
                "folds is 1, want 2 or more, or 0 for no evaluation. Change it, e.g. 5."
            )
        return self
