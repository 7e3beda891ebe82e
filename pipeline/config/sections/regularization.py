"""The values that a trial tunes, and the ranges that the study draws them from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from pipeline.config.section import Flag, Section, whole_number
from pipeline.regularizers import TECHNIQUES, Technique

Rate = Annotated[float, Field(ge=0, lt=1, description="a rate in [0, 1)", examples=[0.5])]
Strength = Annotated[float, Field(ge=0, description="a number >= 0", examples=[0.0001])]
Positive = Annotated[float, Field(gt=0, description="a number > 0", examples=[0.001])]


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
    """The range of a rate, such as dropout's."""

    low: Rate
    high: Rate
    log: Flag


class StrengthRange(_Range):
    """The range of a strength, such as a penalty's."""

    low: Strength
    high: Strength
    log: Flag


class PositiveRange(_Range):
    """The range of a number that is nowhere 0, such as a learning rate."""

    low: Positive
    high: Positive
    log: Flag


class EpochsRange(_Range):
    """The range of a number of epochs."""

    low: int = whole_number(0, 100_000, 3)
    high: int = whole_number(0, 100_000, 20)


# A technique that is left out of the space, or off in the baseline, leaves no trace in a study's
# fingerprint, so a new one does not begin another study.
def _optional(off: float | None, **wanted: Any) -> Any:
    return Field(default=off, exclude_if=lambda value: value == off, **wanted)


class SpaceParams(Section):
    """The range of each technique of `pipeline.regularizers` that the study draws from.

    A technique that has no range is off in all trials but the baseline.
    """

    dropout: RateRange | None = _optional(None)
    l1: StrengthRange | None = _optional(None)
    l2: StrengthRange | None = _optional(None)
    patience: EpochsRange | None = _optional(None)
    weight_decay: StrengthRange | None = _optional(None)
    max_norm: PositiveRange | None = _optional(None)
    label_smoothing: RateRange | None = _optional(None)
    mixup: StrengthRange | None = _optional(None)
    input_noise: StrengthRange | None = _optional(None)
    averaging: RateRange | None = _optional(None)
    learning_rate: PositiveRange | None = _optional(None)

    @property
    def techniques(self) -> list[Technique]:
        """Return the techniques that have a range, in the order of the table."""
        return [technique for technique in TECHNIQUES if getattr(self, technique.name) is not None]

    @model_validator(mode="after")
    def _has_ranges(self) -> Self:
        if not self.techniques:
            raise ValueError(
                "no technique has a range, want one at least."
                " Add one, e.g. dropout: {low: 0.0, high: 0.7, log: false}."
            )
        return self


class Regularization(Section):
    """The strength of each technique of `pipeline.regularizers`: the values that a trial tunes.

    patience: epochs without improvement before a fit stops and takes its best weights back; None
    trains all epochs and keeps the last weights. max_norm: None limits no norm. learning_rate: None
    is that of `train`.
    """

    dropout: Rate = 0.0
    l1: Strength = 0.0
    l2: Strength = 0.0
    patience: int | None = Field(
        default=None, ge=0, le=100_000, description="a whole number >= 0, or null", examples=[10]
    )
    weight_decay: Strength = _optional(0.0)
    max_norm: float | None = _optional(
        None, gt=0, description="a number > 0, or null", examples=[3.0]
    )
    label_smoothing: Rate = _optional(0.0)
    mixup: Strength = _optional(0.0)
    input_noise: Strength = _optional(0.0)
    averaging: Rate = _optional(0.0)
    learning_rate: float | None = _optional(
        None, gt=0, description="a number > 0, or null", examples=[0.001]
    )

    @property
    def active(self) -> list[Technique]:
        """Return the techniques that are on."""
        return [t for t in TECHNIQUES if not t.is_off(getattr(self, t.name))]

    def values(self, listed: Iterable[Technique] = ()) -> dict[str, float | None]:
        """Return the values by name: of the first four, of those listed, and of those that are on.

        The first four are in every table, so that tables of the default study keep their columns.
        """
        names = {*self.model_dump(), *(technique.name for technique in listed)}
        return {t.name: getattr(self, t.name) for t in TECHNIQUES if t.name in names}


# Nothing is regularized.
OFF = Regularization()
