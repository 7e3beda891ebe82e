"""Section `compare.published` of `params.yaml`: a published single run that `compare` repeats."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from pipeline.config.section import Section, shown, whole_number
from pipeline.config.sections.data import Scale
from pipeline.config.sections.network import LayerParams
from pipeline.config.sections.regularization import Rate

Accuracy = Annotated[
    float | None, Field(ge=0, le=1, description="a share from 0 to 1, or null", examples=[0.97])
]


class PublishedRun(Section):
    """A published experiment: one network without and one with dropout, on one split.

    data: name of the data set it was made with; on another, the experiment is left out. scale: how
    columns are scaled, over all rows. rate: of dropout. accuracy_without, accuracy_with: the
    published test accuracies, None if they are not known.
    """

    data: str = Field(
        min_length=1, description="the name of a data set", examples=["breast_cancer"]
    )
    scale: Scale = Field(description="minmax, standard, image or none", examples=["minmax"])
    layers: tuple[LayerParams, ...] = Field(
        min_length=1, description="a list of one hidden layer or more", examples=["[{units: 30}]"]
    )
    rate: Rate
    epochs: int = whole_number(1, 100_000, 10)
    batch_size: int = whole_number(1, 1_000_000, 32)
    test_rows: int = whole_number(1, 1_000_000_000, 86)
    accuracy_without: Accuracy = None
    accuracy_with: Accuracy = None

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if (self.accuracy_without is None) != (self.accuracy_with is None):
            raise ValueError(
                f"accuracy_without is {shown(self.accuracy_without)} and accuracy_with is"
                f" {shown(self.accuracy_with)}, want both published figures or null for both."
                " Add the other one, or set both to null."
            )
        return self
