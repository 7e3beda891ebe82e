"""All figures of a report that are pictures; its charts are in `charts`."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from pipeline.comparison.result import Comparison
from pipeline.report.figures import (
    explanation,
    performance,
    published_run,
)
from pipeline.report.figures.canvas import png


def draw(comparison: Comparison, tables: Mapping[str, pd.DataFrame]) -> dict[str, bytes]:
    """Draw every picture of the report, by name. tables: `learning`, `roc` and `pr`."""
    figures = {
        "learning": explanation.learning_curves(tables["learning"]),
        "roc": performance.roc(tables["roc"]),
        "pr": performance.precision_recall(tables["pr"]),
        "confusion": performance.confusion(comparison),
    }
    if comparison.reference:
        figures["reference"] = published_run.repetitions_histogram(comparison.reference)
    if comparison.curves:
        figures["validation"] = explanation.validation(comparison.curves)
    if comparison.weights:
        figures["weights"] = explanation.weight_histograms(comparison.weights)
    if comparison.quality:
        figures["calibration"] = performance.calibration(comparison.quality.calibration)
        figures["columns"] = performance.importance(comparison.quality.importance)
    return {name: png(figure) for name, figure in figures.items()}
