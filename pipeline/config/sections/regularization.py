"""The values that a trial tunes, and the ranges that the study draws them from."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from pipeline.config.section import Flag, Section, whole_number
from pipeline.regularizers import TECHNIQUES

Rate = Annotated[float, Field(ge=0, lt=1, description="a rate in [0, 1)", examples=[0.5])]
Strength = Annotated[float, Field(ge=0, description="a number >= 0", examples=[0.0001])]


class _Range(Section):
    low: Any
    high: Any

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low > self.high:
            raise ValueError(
                f"low {self.low:g} is above high {self.high:g}, want low <= high. Swap them."
            )
        if getattr(self, "log", False) and self.low <= 0:
            raise ValueError(
                f"low is {self.low:g} with log: true, want a number > 0."
                " Raise it, e.g. 1.0e-7, or set log: false."
            )
        return self


class RateRange(_Range):
    """The range of a dropout rate."""

    low: Rate
    high: Rate
    log: Flag


class StrengthRange(_Range):
    """The range of a penalty's strength."""

    low: Strength
    high: Strength
    log: Flag


class EpochsRange(_Range):
    """The range of a number of epochs."""

    low: int = whole_number(0, 100_000, 3)
    high: int = whole_number(0, 100_000, 20)


class SpaceParams(Section):
    """The range of each technique of `pipeline.regularizers` that the study draws from."""

    dropout: RateRange
    l1: StrengthRange
    l2: StrengthRange
    patience: EpochsRange


class Regularization(Section):
    """The strength of each technique of `pipeline.regularizers`: the values that a trial tunes.

    patience: epochs without improvement before a fit stops and takes its best weights back; None
    trains all epochs and keeps the last weights.
    """

    dropout: Rate
    l1: Strength
    l2: Strength
    patience: int | None = Field(
        ge=0, le=100_000, description="a whole number >= 0, or null", examples=[10]
    )


# Nothing is regularized.
OFF = Regularization.model_validate({technique.name: technique.off for technique in TECHNIQUES})
