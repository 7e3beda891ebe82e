"""Figures of the report, drawn from its tables."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.comparison.kinds import KIND_TITLES
from pipeline.comparison.result import Comparison
from pipeline.tasks.classification import METRIC_TITLES

# Okabe and Ito's colours: told apart with any colour vision, and in print with the line styles.
COLOURS = {"best": "#0072B2", "baseline": "#D55E00"}
NAMES = KIND_TITLES
STYLES = {"train": "--", "val": "-"}
DOTS_PER_INCH = 130


def png(figure: Figure) -> bytes:
    """The figure as a PNG file, the same bytes for the same figure."""
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    return buffer.getvalue()


def learning_curves(table: pd.DataFrame) -> Figure:
    """Log loss over epochs, mean and 10th to 90th percentile over the seeds."""
    figure, axes = canvas(7.2, 3.8)
    for (kind, part), curve in table.groupby(["model", "rows"], sort=False):
        label = f"{NAMES[kind]}, {part}"
        axes.plot(curve.epoch, curve.log_loss, STYLES[part], color=COLOURS[kind], label=label)
        if part == "val":
            axes.fill_between(curve.epoch, curve.low, curve.high, color=COLOURS[kind], alpha=0.15)
    axes.set(xlabel="Epoch", ylabel="Log loss, without penalties", yscale="log")
    axes.legend(frameon=False, ncols=2)
    return figure


def roc(table: pd.DataFrame) -> Figure:
    """ROC curves of the registered networks on test."""
    figure, axes = canvas(4.2, 4.0)
    axes.plot([0, 1], [0, 1], ":", color="0.6", label="chance")
    _curves(axes, table, "fpr", "tpr")
    axes.set(xlabel="False positive rate", ylabel="True positive rate", aspect="equal")
    return figure


def precision_recall(table: pd.DataFrame) -> Figure:
    """Precision-recall curves of the registered networks on test."""
    figure, axes = canvas(4.2, 4.0)
    _curves(axes, table, "recall", "precision")
    axes.set(xlabel="Recall", ylabel="Precision", aspect="equal", ylim=(-0.02, 1.04))
    return figure


def confusion(comparison: Comparison) -> Figure:
    """Confusion matrices of the registered networks on test, the tuned one at both thresholds."""
    classes = comparison.data.classes
    panels = {NAMES[kind]: getattr(comparison, kind).confusion for kind in NAMES}
    if comparison.quality and comparison.quality.chosen:
        chosen = comparison.quality.chosen
        panels[f"{NAMES['best']}, threshold {chosen.value:.3g}"] = chosen.confusion
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


def differences(comparison: Comparison) -> Figure:
    """Tuned minus baseline in every metric, with intervals, turned so that right is better."""
    figure, axes = canvas(7.2, 2.9)
    for place, (name, paired) in enumerate(reversed(comparison.metrics.items())):
        sign = 1 if METRIC_TITLES[name][1] else -1
        ends = sorted([sign * paired.difference.low, sign * paired.difference.high])
        clear = ends[0] > 0 or ends[1] < 0
        axes.plot(ends, [place, place], color=COLOURS["best"] if clear else "0.55", lw=2.5)
        axes.plot(sign * paired.difference.estimate, place, "o", color="black", ms=5)
    axes.axvline(0, color="0.3", lw=1)
    titles = [METRIC_TITLES[name][0] for name in reversed(comparison.metrics)]
    axes.set_yticks(range(len(titles)), titles)
    axes.set_xlabel("← baseline better      improvement by tuning      tuned better →")
    return figure


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _curves(axes: Axes, table: pd.DataFrame, x: str, y: str) -> None:
    several = len(table["class"].unique()) > 1
    for kind in NAMES:
        of_kind = table[table["model"] == kind]
        for number, (_, curve) in enumerate(of_kind.groupby("class", sort=False)):
            label = NAMES[kind] + (", each class" if several else "")
            axes.plot(
                curve[x],
                curve[y],
                # Curves often coincide: the dashed one lets the other show through.
                "-" if kind == "best" else "--",
                color=COLOURS[kind],
                alpha=0.5 if several else 1,
                label=label if number == 0 else None,
            )
    axes.legend(frameon=False, loc="lower right" if x == "fpr" else "lower left")


def plain(name: str) -> str:
    """A label shown as it is: a dollar sign would start a formula."""
    return name.replace("$", r"\$")
