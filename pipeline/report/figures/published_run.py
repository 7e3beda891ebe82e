"""The chart of the published run, repeated."""

from __future__ import annotations

import numpy as np

from pipeline.comparison.published import RepeatedRun
from pipeline.report.figures.plane import Plane
from pipeline.report.figures.scale import Scale, linear, round_values
from pipeline.report.figures.svg import COLOURS, FAINT, INK, Stroke
from pipeline.text.numbers import counted, signed

BAR = 0.4


def repetitions_histogram(run: RepeatedRun, width: str) -> str:
    """Draw the accuracy with minus without dropout of each repetition, in whole rows."""
    changes = np.subtract(run.with_dropout, run.without)
    in_rows = np.round(changes * run.test_rows).astype(int)
    steps, counts = np.unique(in_rows, return_counts=True)
    published = None
    if run.published_with is not None and run.published_without is not None:
        published = run.published_with - run.published_without
    ends = [*steps, 0] if published is None else [*steps, 0, published * run.test_rows]
    x = _rows(min(ends) - 1, max(ends) + 1)
    most = int(counts.max())
    y = linear(0, most, min(most, 5))
    line = Stroke("the published run", COLOURS["baseline"], "6 4")
    plane = Plane(
        "Accuracy with minus without dropout",
        width,
        (f"more rows right with dropout, of {run.test_rows}", x),
        ("repetitions", y),
        strokes=[] if published is None else [line],
        plot_px=150,
    )
    for step, count in zip(steps, counts, strict=True):
        plane.bar(
            (step - BAR, step + BAR),
            int(count),
            FAINT,
            f"{signed(int(step), 0)} rows right, {signed(step / run.test_rows)} accuracy:"
            f" {counted(int(count), 'repetition')}",
        )
    plane.upright(0, INK)
    if published is not None:
        plane.upright(published * run.test_rows, line.colour, line.dash)
    return plane.drawn()


def _rows(low: float, high: float) -> Scale:
    """Return an axis of whole numbers of rows."""
    places, _ = round_values(low, high)
    whole = [round(at) for at in places if abs(at - round(at)) < 1e-9]
    return Scale(low, high, tuple((float(at), signed(at, 0)) for at in whole))
