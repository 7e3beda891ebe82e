"""Figures of section 3: the published run, repeated."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from pipeline.comparison.published import RepeatedRun
from pipeline.report.figures.canvas import COLOURS, canvas


def repetitions_histogram(run: RepeatedRun) -> Figure:
    """Draw the accuracy with minus without dropout of each repetition, in whole rows."""
    figure, axes = canvas(7.2, 3.0)
    changes = np.subtract(run.with_dropout, run.without)
    in_rows = np.round(changes * run.test_rows).astype(int)
    steps, counts = np.unique(in_rows, return_counts=True)
    axes.bar(steps / run.test_rows, counts, 0.8 / run.test_rows, color=COLOURS["tuned"])
    axes.axvline(0, color="0.3", lw=1)
    if run.published_with is not None and run.published_without is not None:
        published = run.published_with - run.published_without
        axes.axvline(published, color=COLOURS["baseline"], ls="--", label="published")
        axes.legend(frameon=False)
    axes.set(xlabel="Accuracy with minus without dropout", ylabel="Repetitions")
    return figure
