"""Figures of section 4: why."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from pipeline.comparison.validation_curves import ValidationCurve
from pipeline.comparison.weights import EDGES, WeightSizes
from pipeline.report.figures.canvas import COLOURS, GREEN, canvas
from pipeline.text.numbers import setting

STYLES = {"train": "--", "val": "-"}


def learning_curves(table: pd.DataFrame) -> Figure:
    """Draw the log loss over epochs, mean and 10th to 90th percentile over the seeds."""
    figure, axes = canvas(7.2, 3.8)
    for (kind, role), curve in table.groupby(["model", "rows"], sort=False):
        label = f"{kind}, {role}"
        axes.plot(curve.epoch, curve.log_loss, STYLES[role], color=COLOURS[kind], label=label)
        if role == "val":
            axes.fill_between(curve.epoch, curve.low, curve.high, color=COLOURS[kind], alpha=0.15)
    axes.set(xlabel="Epoch", ylabel="Log loss, without penalties", yscale="log")
    axes.legend(frameon=False, ncols=2)
    return figure


def validation(curves: Sequence[ValidationCurve]) -> Figure:
    """Draw the log loss along the strength of each technique alone."""
    figure = Figure(figsize=(7.2, 2.6 * ((len(curves) + 1) // 2)), layout="constrained")
    panels = np.ravel(figure.subplots((len(curves) + 1) // 2, 2, squeeze=False))
    for axes, curve in zip(panels, curves, strict=False):
        axes.spines[["top", "right"]].set_visible(False)
        places = range(len(curve.points))
        held_out = [point.cv_log_loss for point in curve.points]
        low = [point.cv_log_loss - point.low for point in curve.points]
        high = [point.high - point.cv_log_loss for point in curve.points]
        axes.errorbar(places, held_out, (low, high), color=COLOURS["tuned"], marker="o", capsize=3)
        train = [point.train_log_loss for point in curve.points]
        axes.plot(places, train, "--", color=COLOURS["baseline"])
        names = [setting(point.value) for point in curve.points]
        axes.set_xticks(places, names, rotation=30, ha="right")
        axes.set(title=curve.title, ylabel="Log loss", yscale="log")
    for axes in panels[len(curves) :]:
        axes.set_axis_off()
    return figure


def weight_histograms(weights: Sequence[WeightSizes]) -> Figure:
    """Draw the share of the kernel weights by size, for some variants."""
    figure, axes = canvas(7.2, 3.0)
    colours = ("0.45", GREEN, COLOURS["baseline"], COLOURS["tuned"])
    for variant, colour, style in zip(weights, colours, (":", "-.", "--", "-"), strict=False):
        axes.stairs(variant.shares, EDGES, color=colour, ls=style, lw=1.8, label=variant.title)
    axes.set(xscale="log", xlabel="Size of a weight", ylabel="Share of the weights")
    axes.legend(frameon=False)
    return figure
