"""Section `gate` of `params.yaml`: when a model may go live."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pipeline.config.section import Flag, OptionalBound, Section, Share, whole_number

MetricName = Literal["log_loss", "accuracy", "balanced_accuracy", "roc_auc", "pr_auc", "brier"]
OptionalShare = Annotated[
    float | None, Field(ge=0, le=1, description="a share from 0 to 1, or null", examples=[0.6])
]
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
