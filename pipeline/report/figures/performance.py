"""Figures of section 5: how good the registered networks are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.comparison.importance import ColumnImportance
from pipeline.comparison.kinds import KINDS
from pipeline.comparison.quality import CalibrationBin
from pipeline.comparison.result import Comparison
from pipeline.report.figures.canvas import COLOURS, canvas, plain


def roc(table: pd.DataFrame) -> Figure:
    """Draw the ROC curves of the registered networks on test."""
    figure, axes = canvas(4.2, 4.0)
    axes.plot([0, 1], [0, 1], ":", color="0.6", label="chance")
    _curves(axes, table, "fpr", "tpr")
    axes.set(xlabel="False positive rate", ylabel="True positive rate", aspect="equal")
    return figure


def precision_recall(table: pd.DataFrame) -> Figure:
    """Draw the precision-recall curves of the registered networks on test."""
    figure, axes = canvas(4.2, 4.0)
    _curves(axes, table, "recall", "precision")
    axes.set(xlabel="Recall", ylabel="Precision", aspect="equal", ylim=(-0.02, 1.04))
    return figure


def _curves(axes: Axes, table: pd.DataFrame, x: str, y: str) -> None:
    several = len(table["class"].unique()) > 1
    for kind in KINDS:
        rows = table[table["model"] == kind]
        for number, (_, curve) in enumerate(rows.groupby("class", sort=False)):
            label = kind + (", each class" if several else "")
            axes.plot(
                curve[x],
                curve[y],
                # Curves often coincide: the dashed one lets the other show through.
                "-" if kind == "tuned" else "--",
                color=COLOURS[kind],
                alpha=0.5 if several else 1,
                label=label if number == 0 else None,
            )
    axes.legend(frameon=False, loc="lower right" if x == "fpr" else "lower left")


def confusion(comparison: Comparison) -> Figure:
    """Draw the confusion matrices on test, that of the tuned network at both thresholds."""
    classes = comparison.data.classes
    panels: dict[str, tuple[tuple[int, ...], ...]] = {
        kind: getattr(comparison, kind).confusion for kind in KINDS
    }
    if comparison.quality and comparison.quality.chosen:
        chosen = comparison.quality.chosen
        panels[f"tuned, threshold {chosen.value:.3g}"] = chosen.confusion
    side = max(3.4, 0.35 * len(classes) + 1.8)
    width = side * len(panels)
    figure = Figure(figsize=(width, side), layout="constrained")
    for axes, (title, matrix) in zip(figure.subplots(1, len(panels)), panels.items(), strict=True):
        counts = np.array(matrix)
        share = counts / np.maximum(counts.sum(1, keepdims=True), 1)
        axes.imshow(share, cmap="Blues", vmin=0, vmax=1.4)
        if len(classes) <= 12:
            for (row, column), count in np.ndenumerate(counts):
                ink = "white" if share[row, column] > 0.6 else "black"
                axes.text(column, row, str(count), ha="center", va="center", color=ink)
        ticks = range(len(classes))
        axes.set_xticks(ticks, [plain(name) for name in classes], rotation=45, ha="right")
        axes.set_yticks(ticks, [plain(name) for name in classes])
        axes.set(title=title, xlabel="Predicted", ylabel="Actual")
    return figure


def calibration(kinds: Mapping[str, Sequence[CalibrationBin]]) -> Figure:
    """Draw the predicted probability against how often it came true, with intervals."""
    figure, axes = canvas(4.6, 4.2)
    axes.plot([0, 1], [0, 1], ":", color="0.6", label="calibrated")
    for (kind, bins), marker, shift in zip(kinds.items(), "os", (-0.004, 0.004), strict=False):
        x = [group.probability + shift for group in bins]
        y = [group.hits.estimate for group in bins]
        errors = [
            [group.hits.estimate - group.hits.low for group in bins],
            [group.hits.high - group.hits.estimate for group in bins],
        ]
        title = kind
        axes.errorbar(
            x, y, errors, fmt=marker, color=COLOURS[kind], capsize=2, ms=5, lw=1, label=title
        )
    axes.set(xlabel="Predicted probability", ylabel="Share that came true", aspect="equal")
    axes.legend(frameon=False, loc="upper left")
    return figure


def importance(columns: Sequence[ColumnImportance]) -> Figure:
    """Draw the rise in log loss when each column is shuffled, with intervals."""
    rows = columns[::-1]
    figure, axes = canvas(7.2, 0.9 + 0.28 * len(rows))
    for place, column in enumerate(rows):
        axes.plot([column.rise.low, column.rise.high], [place, place], color=COLOURS["tuned"], lw=2)
        axes.plot(column.rise.estimate, place, "o", color="black", ms=4)
    axes.axvline(0, color="0.3", lw=1)
    axes.set_yticks(range(len(rows)), [plain(column.column) for column in rows])
    axes.set_xlabel("Rise in log loss when the column is shuffled")
    return figure
