"""Figures of the section on the test rows."""

from __future__ import annotations

from matplotlib.figure import Figure

from pipeline.comparison.result import Comparison
from pipeline.report.figures.canvas import COLOURS, canvas
from pipeline.tasks.classification import CLASSIFICATION


def differences(comparison: Comparison) -> Figure:
    """Draw tuned minus baseline in every metric, with intervals, signed so that right is better."""
    figure, axes = canvas(7.2, 2.9)
    for place, (name, paired) in enumerate(reversed(comparison.metrics.items())):
        sign = 1 if CLASSIFICATION.metric(name).more_is_better else -1
        ends = sorted([sign * paired.difference.low, sign * paired.difference.high])
        clear = ends[0] > 0 or ends[1] < 0
        axes.plot(ends, [place, place], color=COLOURS["best"] if clear else "0.55", lw=2.5)
        axes.plot(sign * paired.difference.estimate, place, "o", color="black", ms=5)
    axes.axvline(0, color="0.3", lw=1)
    titles = [CLASSIFICATION.metric(name).title for name in reversed(comparison.metrics)]
    axes.set_yticks(range(len(titles)), titles)
    axes.set_xlabel("← baseline better      improvement by tuning      tuned better →")
    return figure
