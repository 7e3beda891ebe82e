"""Charts of how good the registered networks are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from pipeline.comparison.importance import ColumnImportance
from pipeline.comparison.kinds import KINDS
from pipeline.comparison.quality import CalibrationBin
from pipeline.report.figures.interval_chart import NO_VERDICT, ChartRow, ChartText, interval_chart
from pipeline.report.figures.plane import Plane
from pipeline.report.figures.scale import linear
from pipeline.report.figures.svg import COLOURS, FAINT, SQUARE, Mark, Stroke
from pipeline.text.numbers import between, counted, fixed, percent, signed

# Curves often coincide: the dashed one lets the other show through.
DASHES = {"tuned": "", "baseline": "6 4"}
MARKS = {"tuned": Mark(COLOURS["tuned"]), "baseline": Mark(COLOURS["baseline"], SQUARE)}
# Windows at the corner that curves near perfection are shown in, the narrowest first; a window is
# so many times as wide as the way from the corner to the curve that is farthest from it.
WINDOWS, AROUND = (0.05, 0.1, 0.2), 2.0
# Share of the width that moves marks of two kinds apart.
APART = 0.006


def roc(table: pd.DataFrame, width: str) -> str:
    """Draw the ROC curves of the registered networks on test."""
    window = _window(table, "fpr", "tpr", corner=0.0)
    plane = Plane(
        "ROC curves",
        width,
        ("false positive rate", linear(0, window, 5)),
        ("true positive rate", linear(1 - window, 1, 5)),
        title=_title("ROC", window),
        strokes=_strokes(table),
    )
    if window == 1:
        plane.line([(0, 0), (1, 1)], Stroke("chance", FAINT, "1 4"), "chance")
    return _curves(plane, table, "fpr", "tpr")


def precision_recall(table: pd.DataFrame, width: str) -> str:
    """Draw the precision-recall curves of the registered networks on test."""
    window = _window(table, "recall", "precision", corner=1.0)
    plane = Plane(
        "Precision-recall curves",
        width,
        ("recall", linear(1 - window, 1, 5)),
        ("precision", linear(1 - window, 1, 5)),
        title=_title("Precision and recall", window),
        strokes=_strokes(table),
    )
    return _curves(plane, table, "recall", "precision")


def _window(table: pd.DataFrame, x: str, y: str, corner: float) -> float:
    """Return how much of each axis is shown: less than all of it if all curves pass the corner."""
    away = (table[x] - corner).abs().combine(1 - table[y], max)
    farthest = float(away.groupby([table["model"], table["class"]]).min().max())
    return next((window for window in WINDOWS if AROUND * farthest <= window), 1.0)


def _title(name: str, window: float) -> str:
    return name if window == 1 else f"{name}, the best {percent(window)} of each axis"


def _strokes(table: pd.DataFrame) -> list[Stroke]:
    each = ", each class" if len(table["class"].unique()) > 1 else ""
    return [Stroke(f"{kind}{each}", COLOURS[kind], DASHES[kind]) for kind in KINDS]


def _curves(plane: Plane, table: pd.DataFrame, x: str, y: str) -> str:
    for kind, stroke in zip(KINDS, _strokes(table), strict=True):
        for name, curve in table[table["model"] == kind].groupby("class", sort=False):
            points = list(zip(curve[x], curve[y], strict=True))
            plane.line(points, stroke, f"{kind}, {name}")
    return plane.drawn()


def calibration(kinds: Mapping[str, Sequence[CalibrationBin]], width: str) -> str:
    """Draw the predicted probability against how often it came true, with intervals."""
    plane = Plane(
        "Predicted probability against the share that came true",
        width,
        ("predicted probability", linear(0, 1, 5)),
        ("share that came true", linear(0, 1, 5)),
        strokes=[Stroke("calibrated", FAINT, "1 4")],
        marks=[(kind, MARKS[kind]) for kind in kinds],
    )
    plane.line([(0, 0), (1, 1)], Stroke("calibrated", FAINT, "1 4"))
    for (kind, bins), shift in zip(kinds.items(), (-APART, APART), strict=False):
        for rows in bins:
            hits = rows.hits
            plane.interval(
                rows.probability,
                (hits.low, hits.estimate, hits.high),
                MARKS[kind],
                f"{kind}: predicted {fixed(rows.probability)}, came true {fixed(hits.estimate)} of"
                f" {counted(rows.rows, 'row')} ({fixed(hits.low)} to {fixed(hits.high)})",
                shift,
            )
    return plane.drawn()


def importance(columns: Sequence[ColumnImportance], loss: str, width: str) -> str:
    """Draw the rise in loss when each column is shuffled, with intervals."""
    rows = [
        ChartRow(
            column.column,
            column.rise,
            signed(column.rise.estimate),
            NO_VERDICT,
            f"{column.column}: {signed(column.rise.estimate)} ({between(column.rise)})",
        )
        for column in columns
    ]
    text = ChartText(
        f"Rise in {loss} when a column is shuffled", "", "matters more", f"rise in {loss}"
    )
    return interval_chart(rows, text, width)
