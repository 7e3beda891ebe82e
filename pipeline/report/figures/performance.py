"""Figures of how good the registered networks are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from pipeline.comparison.importance import ColumnImportance
from pipeline.comparison.kinds import KIND_TITLES
from pipeline.comparison.quality import CalibrationBin
from pipeline.report.figures.metrics import COLOURS, canvas, plain


def calibration(of_kinds: Mapping[str, Sequence[CalibrationBin]]) -> Figure:
    """Predicted probability against how often it came true, with intervals."""
    figure, axes = canvas(4.6, 4.2)
    axes.plot([0, 1], [0, 1], ":", color="0.6", label="calibrated")
    for (kind, bins), marker, shift in zip(of_kinds.items(), "os", (-0.004, 0.004), strict=False):
        x = [one.probability + shift for one in bins]
        y = [one.hits.estimate for one in bins]
        errors = [
            [one.hits.estimate - one.hits.low for one in bins],
            [one.hits.high - one.hits.estimate for one in bins],
        ]
        title = KIND_TITLES["best" if kind == "best" else "baseline"]
        axes.errorbar(
            x, y, errors, fmt=marker, color=COLOURS[kind], capsize=2, ms=5, lw=1, label=title
        )
    axes.set(xlabel="Predicted probability", ylabel="Share that came true", aspect="equal")
    axes.legend(frameon=False, loc="upper left")
    return figure


def importance(columns: Sequence[ColumnImportance]) -> Figure:
    """Rise in log loss without each column's information, with intervals."""
    rows = columns[::-1]
    figure, axes = canvas(7.2, 0.9 + 0.28 * len(rows))
    for place, one in enumerate(rows):
        axes.plot([one.rise.low, one.rise.high], [place, place], color=COLOURS["best"], lw=2)
        axes.plot(one.rise.estimate, place, "o", color="black", ms=4)
    axes.axvline(0, color="0.3", lw=1)
    axes.set_yticks(range(len(rows)), [plain(one.column) for one in rows])
    axes.set_xlabel("Rise in log loss when the column is dealt out anew")
    return figure
