"""Section `tracking` of `params.yaml`: names in MLflow."""

from __future__ import annotations

from pydantic import Field

from pipeline.config.section import Section


class TrackingParams(Section):
    """Names in MLflow."""

    model_name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]*$",
        max_length=200,
        description="a name of letters, digits, blanks, '.', '_' and '-'",
        examples=["regularized-net"],
    )
