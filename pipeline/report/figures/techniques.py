"""Figures of section 2: which technique buys what."""

from __future__ import annotations

from matplotlib.figure import Figure

from pipeline.comparison.ablation import Ablation
from pipeline.report.figures.canvas import COLOURS, canvas

VERDICT_COLOURS = {"helps": COLOURS["best"], "hurts": COLOURS["baseline"]}


def ablation_differences(ablation: Ablation) -> Figure:
    """Draw the log loss of each variant minus that of none, with simultaneous intervals."""
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
