"""Section `train` of `params.yaml`: how a fit runs, apart from what is tuned."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from pipeline.config.section import Section, shown, whole_number
from pipeline.config.sections.data import as_text

# The weights of a class in the loss that single precision can bear.
WEIGHTS = (1e-6, 1e6)
Schedule = Literal["constant", "cosine"]
NumberLoss = Literal["squared_error", "huber"]
L1Step = Literal["subgradient", "proximal"]
ClassWeight = Literal["none", "balanced"] | dict[str, float]


class TrainParams(Section):
    """Says how a fit runs, apart from what is tuned."""

    batch_size: int = whole_number(1, 1_000_000, 32)
    max_epochs: int = whole_number(1, 100_000, 100)
    learning_rate: float = Field(gt=0, description="a number > 0", examples=[0.001])
    schedule: Schedule = Field(
        default="constant", description="constant or cosine", examples=["cosine"]
    )
    l1: L1Step = Field(
        default="subgradient",
        description="subgradient or proximal",
        examples=["proximal"],
        exclude_if=lambda value: value == "subgradient",
    )
    loss: NumberLoss = Field(
        default="squared_error", description="squared_error or huber", examples=["huber"]
    )
    huber_delta: float = Field(default=1.0, gt=0, description="a number > 0", examples=[1.0])
    class_weight: ClassWeight = Field(
        default="none",
        description="none, balanced, or weights of classes",
        examples=["{no: 1, yes: 3}"],
    )

    @field_validator("class_weight", mode="before")
    @classmethod
    def _weights_classes(cls, value: Any) -> Any:
        # Before pydantic looks: of a union it would tell what each of its members wants.
        if value in ("none", "balanced"):
            return value
        if not isinstance(value, dict) or not value:
            text = shown(value) if value != {} else "{}"
            raise ValueError(
                f"{text} is no weighting, want none, balanced, or weights of classes."
                " Change it, e.g. {no: 1, yes: 3}."
            )
        weights: dict[str, float] = {}
        for key, weight in value.items():
            name, number = str(as_text(key)), not isinstance(weight, bool)
            if not (
                number and isinstance(weight, (int, float)) and WEIGHTS[0] <= weight <= WEIGHTS[1]
            ):
                raise ValueError(
                    f"class {name!r} has the weight {shown(weight)}, want a number from"
                    f" {WEIGHTS[0]:g} to {WEIGHTS[1]:g}. Change it, e.g. 3."
                )
            weights[name] = float(weight)
        return weights
