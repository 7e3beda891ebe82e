"""Section `gate` of `params.yaml`, which says when a model may go live."""

from __future__ import annotations

from math import isfinite
from typing import Annotated, Any, Literal

from pydantic import Field, create_model

from pipeline.config.errors import InputError
from pipeline.config.section import Flag, Section, Share, whole_number
from pipeline.tasks.known import TASKS
from pipeline.tasks.metric import Metric
from pipeline.tasks.task import Task

Consequence = Literal["flag", "fail"]


def _floor(metric: Metric) -> Any:
    """Return the type of a bound on a metric: a number that the metric can have, or null."""
    low, high = metric.bounds
    wanted = {
        (True, True): f"a {'share' if high == 1 else 'number'} from {low:g} to {high:g}",
        (True, False): f"a number >= {low:g}",
        (False, True): f"a number <= {high:g}",
        (False, False): "a number",
    }[isfinite(low), isfinite(high)]
    return Annotated[
        float | None,
        Field(
            ge=low if isfinite(low) else None,
            le=high if isfinite(high) else None,
            description=f"{wanted}, or null",
            examples=[0.6 if metric.more_is_better else 0.5],
        ),
    ]


_METRICS = [metric for task in TASKS.values() for metric in task.metrics]
_FLOORS: dict[str, Any] = {metric.name: (_floor(metric), ...) for metric in _METRICS}
AUTO = "auto"
_NAMES = [AUTO, *(metric.name for metric in _METRICS)]


class FloorParams(create_model("_Floors", __base__=Section, **_FLOORS)):  # type: ignore[misc]
    """Bounds on the metrics of any champion: losses at most, all others at least.

    There is a key for each metric, and none may be missing: a bound that was deleted by mistake
    must not pass unnoticed.
    """

    def bound(self, metric: str) -> float | None:
        """Return the bound on the metric of this name; None if there is none."""
        bound: float | None = getattr(self, metric)
        return bound


class SliceParams(Section):
    """Says which slices of the test rows are checked, and how far a slice may fall behind."""

    min_rows: int = whole_number(5, 1_000_000, 20)
    drop: Share


class GateParams(Section):
    """Says when the challenger becomes champion."""

    metric: str = Field(
        # A pattern and not a Literal, which has no type for names that a table gives.
        pattern=f"^({'|'.join(_NAMES)})$",
        description=f"{', '.join(_NAMES[:-1])} or {_NAMES[-1]}",
        examples=[AUTO],
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
    on_refusal: Consequence = Field(description="flag or fail", examples=["flag"])
    on_trouble: Consequence = Field(description="flag or fail", examples=["fail"])

    def metric_for(self, task: Task) -> Metric:
        """Return the metric that compares two models; `InputError` if the task has it not."""
        if self.metric == AUTO:
            return task.gate_metric
        if self.metric not in task.names:
            raise InputError(
                f"params.yaml: gate.metric is {self.metric!r}, want a metric of {task.name}"
                f" ({', '.join(task.names)}). Change it, or set it to auto."
            )
        return task.metric(self.metric)
