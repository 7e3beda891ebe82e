"""Figures of the ablation, the reference experiment and the validation curves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from pipeline.comparison.ablation import Ablation
from pipeline.comparison.curves import ValidationCurve
from pipeline.comparison.published import Reference
from pipeline.comparison.weights import EDGES, WeightSizes
from pipeline.report.figures.metrics import COLOURS, canvas
from pipeline.text.numbers import setting

VERDICT_COLOURS = {"helps": COLOURS["best"], "hurts": COLOURS["baseline"]}


def ablation_differences(ablation: Ablation) -> Figure:
    """Log loss of each variant minus that of none, with simultaneous intervals."""
    rows = [row for row in ablation.rows if row.difference][::-1]
    figure, axes = canvas(7.2, 0.9 + 0.32 * len(rows))
    for place, row in enumerate(rows):
        assert row.difference
        colour = VERDICT_COLOURS.get(str(row.verdict), "0.55")
        ends = [row.difference.low, row.difference.high]
        axes.plot(ends, [place, place], color=colour, lw=2.5)
        axes.plot(row.difference.estimate, place, "o", color="black", ms=5)
    axes.axvline(0, color="0.3", lw=1)
    axes.set_yticks(range(len(rows)), [row.title for row in rows])
    axes.set_xlabel("← better than none      log loss minus that of none      worse →")
    return figure


def reference_histogram(reference: Reference) -> Figure:
    """Accuracy with minus without dropout of each repetition, in whole rows."""
    figure, axes = canvas(7.2, 3.0)
    apart = np.subtract(reference.with_dropout, reference.without)
    in_rows = np.round(apart * reference.test_rows).astype(int)
    steps, counts = np.unique(in_rows, return_counts=True)
    axes.bar(steps / reference.test_rows, counts, 0.8 / reference.test_rows, color=COLOURS["best"])
    axes.axvline(0, color="0.3", lw=1)
    if reference.published_with is not None and reference.published_without is not None:
        published = reference.published_with - reference.published_without
        axes.axvline(published, color=COLOURS["baseline"], ls="--", label="published")
        axes.legend(frameon=False)
    axes.set(xlabel="Accuracy with minus without dropout", ylabel="Repetitions")
    return figure


def validation(curves: Sequence[ValidationCurve]) -> Figure:
    """Log loss along the strength of each technique alone."""
    figure = Figure(figsize=(7.2, 2.6 * ((len(curves) + 1) // 2)), layout="constrained")
    every = np.ravel(figure.subplots((len(curves) + 1) // 2, 2, squeeze=False))
    for axes, curve in zip(every, curves, strict=False):
        axes.spines[["top", "right"]].set_visible(False)
        places = range(len(curve.points))
        held_out = [point.cv_log_loss for point in curve.points]
        low = [point.cv_log_loss - point.low for point in curve.points]
        high = [point.high - point.cv_log_loss for point in curve.points]
        axes.errorbar(places, held_out, (low, high), color=COLOURS["best"], marker="o", capsize=3)
        train = [point.train_log_loss for point in curve.points]
        axes.plot(places, train, "--", color=COLOURS["baseline"])
        names = [setting(point.value) for point in curve.points]
        axes.set_xticks(places, names, rotation=30, ha="right")
        axes.set(title=curve.title, ylabel="Log loss", yscale="log")
    for axes in every[len(curves) :]:
        axes.set_axis_off()
    return figure


def weight_histograms(weights: Sequence[WeightSizes]) -> Figure:
    """Share of the kernel weights by size, of some variants."""
    figure, axes = canvas(7.2, 3.0)
    colours = ("0.45", "#009E73", COLOURS["baseline"], COLOURS["best"])
    for one, colour, style in zip(weights, colours, (":", "-.", "--", "-"), strict=False):
        axes.stairs(one.shares, EDGES, color=colour, ls=style, lw=1.8, label=one.title)
    axes.set(xscale="log", xlabel="Size of a weight", ylabel="Share of the weights")
    axes.legend(frameon=False)
    return figure
