"""Sections `gate` and `drift` of `params.yaml`: when a model may go live, what counts as drift."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pipeline.section import Section, whole_number

MetricName = Literal["log_loss", "accuracy", "balanced_accuracy", "roc_auc", "pr_auc", "brier"]
Share = Annotated[float, Field(ge=0, le=1, description="a share from 0 to 1", examples=[0.1])]
OptionalShare = Annotated[
    float | None, Field(ge=0, le=1, description="a share from 0 to 1, or null", examples=[0.6])
]
OptionalBound = Annotated[
    float | None, Field(ge=0, description="a number >= 0, or null", examples=[0.5])
]
Flag = Annotated[bool, Field(description="true or false", examples=[True])]
Outcome = Literal["flag", "fail"]


class FloorParams(Section):
    """Bounds on the metrics of any champion: losses at most, all others at least."""

    log_loss: OptionalBound
    accuracy: OptionalShare
    balanced_accuracy: OptionalShare
    roc_auc: OptionalShare
    pr_auc: OptionalShare
    brier: OptionalBound


class SliceParams(Section):
    """Which slices of the test rows are looked at, and how far one may fall behind."""

    min_rows: int = whole_number(5, 1_000_000, 20)
    drop: Share


class GateParams(Section):
    """When the challenger becomes champion."""

    metric: MetricName = Field(
        description="log_loss, accuracy, balanced_accuracy, roc_auc, pr_auc or brier",
        examples=["log_loss"],
    )
    margin: float = Field(gt=0, description="a number > 0", examples=[0.05])
    error_rate: float = Field(
        gt=0, le=0.5, description="a rate above 0 and at most 0.5", examples=[0.05]
    )
    resamples: int = whole_number(100, 1_000_000, 2000)
    floors: FloorParams
    calibration: Share
    slices: SliceParams
    findings: tuple[str, ...] = Field(
        description="a list of names of findings in data/schema.json", examples=["[leak]"]
    )
    clean: Flag
    on_refusal: Outcome = Field(description="flag or fail", examples=["flag"])
    on_trouble: Outcome = Field(description="flag or fail", examples=["fail"])


class Levels(Section):
    """From which size on a change is a warning, and from which it stops the promotion."""

    warn: OptionalBound
    stop: OptionalBound


class DriftParams(Section):
    """How today's data may differ from what the champion was trained on."""

    min_rows: int = whole_number(5, 1_000_000, 50)
    error_rate: float = Field(
        gt=0, le=0.5, description="a rate above 0 and at most 0.5", examples=[0.01]
    )
    bins: int = whole_number(2, 100, 10)
    psi: Levels
    missing: Levels
    unseen: Levels
    classes: Levels
    errors: Levels
    schema_change: Literal["warn", "stop"] = Field(description="warn or stop", examples=["stop"])
