"""The base class of every section of `params.yaml`, and fields that recur."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

SEED_MAX = 2**31 - 1


class Section(BaseModel):
    """A mapping of `params.yaml`: strict types, no unknown keys, no change after reading."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False)


def whole_number(low: int, high: int, example: int, default: Any = ...) -> Any:
    """Return a whole-number field within [low, high]."""
    wanted = f"a whole number from {low} to {high}"
    return Field(default, ge=low, le=high, description=wanted, examples=[example])


Flag = Annotated[bool, Field(description="true or false", examples=[True])]
Share = Annotated[float, Field(ge=0, le=1, description="a share from 0 to 1", examples=[0.1])]
Seed = Annotated[
    int,
    Field(ge=0, le=SEED_MAX, description=f"a whole number from 0 to {SEED_MAX}", examples=[42]),
]
OptionalBound = Annotated[
    float | None, Field(ge=0, description="a number >= 0, or null", examples=[0.5])
]


def shown(value: object) -> str:
    """Return a value from YAML as an error shows it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list" if value else "an empty list"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
