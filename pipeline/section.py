"""What every section of `params.yaml` is made of."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """A mapping of `params.yaml`: strict types, no unknown keys, no change after reading."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False)


def whole_number(low: int, high: int, example: int, default: Any = ...) -> Any:
    """A whole-number field within [low, high]."""
    wanted = f"a whole number from {low} to {high}"
    return Field(default, ge=low, le=high, description=wanted, examples=[example])
