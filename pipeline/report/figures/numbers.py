"""Charts of section 5 where a number is predicted."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from pipeline.comparison.kinds import KINDS, Kind
from pipeline.report.figures.performance import DASHES, MARKS
from pipeline.report.figures.plane import Plane, Point
from pipeline.report.figures.scale import Scale, linear
from pipeline.report.figures.svg import COLOURS, FAINT, Stroke
from pipeline.text.numbers import counted, fixed

BINS = 30
# How many times as high as the highest bin an axis is, so that no line lies on its end.
HEADROOM = 1.05
# Numbers on an axis of a chart that stands beside another.
FEW = 5
RIGHT = Stroke("predicted = actual", FAINT, "1 4")


def predicted(table: pd.DataFrame, width: str) -> str:
    """Draw the predicted against the actual target of each test row."""
    values = table[["actual", "predicted"]].to_numpy()
    axis = _around(float(values.min()), float(values.max()))
    plane = Plane(
        "Predicted against actual target", width, ("actual", axis), ("predicted", axis),
        title="Predicted against actual", marks=[(kind, MARKS[kind]) for kind in KINDS],
    )  # fmt: skip
    plane.line([(axis.low, axis.low), (axis.high, axis.high)], RIGHT, RIGHT.title)
    return _dots(plane, table, "actual", "predicted")


def residuals(table: pd.DataFrame, width: str) -> str:
    """Draw each test row's error against its prediction."""
    rows = table.assign(error=table["predicted"] - table["actual"])
    x = _around(float(rows["predicted"].min()), float(rows["predicted"].max()))
    y = _around(min(0.0, float(rows["error"].min())), max(0.0, float(rows["error"].max())))
    plane = Plane(
        "Error against prediction", width, ("predicted", x), ("predicted minus actual", y),
        title="Error against prediction", marks=[(kind, MARKS[kind]) for kind in KINDS],
    )  # fmt: skip
    plane.line([(x.low, 0), (x.high, 0)], RIGHT, RIGHT.title)
    return _dots(plane, rows, "predicted", "error")


def errors(table: pd.DataFrame, width: str) -> str:
    """Draw how many test rows have which error."""
    error = table["predicted"] - table["actual"]
    edges = np.histogram_bin_edges([*error, 0.0], BINS)
    counts = {kind: np.histogram(error[table["model"] == kind], edges)[0] for kind in KINDS}
    strokes = {kind: Stroke(kind, COLOURS[kind], DASHES[kind]) for kind in KINDS}
    most = max(int(rows.max()) for rows in counts.values())
    plane = Plane(
        "Test rows by error",
        width,
        ("predicted minus actual", linear(float(edges[0]), float(edges[-1]))),
        ("test rows", linear(0, HEADROOM * most, min(most, 5))),
        strokes=[*strokes.values()],
        plot_px=160,
    )
    plane.upright(0, FAINT, "1 4")
    for kind in KINDS:
        plane.line(_steps(edges, counts[kind]), strokes[kind])
    for number, (low, high) in enumerate(pairwise(edges)):
        rows = ", ".join(
            f"{kind} {counted(int(counts[kind][number]), 'test row')}" for kind in KINDS
        )
        plane.column((low, high), f"error from {fixed(low)} to {fixed(high)}: {rows}")
    return plane.drawn()


def _steps(edges: np.ndarray, counts: np.ndarray) -> list[Point]:
    """Return the corners of the outline of a histogram."""
    steps = [
        (float(edge), float(count))
        for ends, count in zip(pairwise(edges), counts, strict=True)
        for edge in ends
    ]
    return [(float(edges[0]), 0.0), *steps, (float(edges[-1]), 0.0)]


def _around(low: float, high: float) -> Scale:
    """Return an axis with some room beside its values, so that no mark lies on its ends."""
    room = (high - low) / 30
    return linear(low - room, high + room, FEW)


def _dots(plane: Plane, table: pd.DataFrame, x: str, y: str) -> str:
    """Draw the rows of both kinds, the tuned one's on top."""
    both: tuple[Kind, ...] = KINDS[::-1]
    for kind in both:
        rows = table[table["model"] == kind]
        plane.dots(list(zip(rows[x], rows[y], strict=True)), MARKS[kind])
    return plane.drawn()
