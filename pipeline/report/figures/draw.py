"""All figures of a report."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from pipeline.comparison.result import Comparison
from pipeline.report.figures import (
    explanation,
    performance,
    published_run,
    techniques,
    test_rows,
)
from pipeline.report.figures.canvas import png


def draw(comparison: Comparison, tables: Mapping[str, pd.DataFrame]) -> dict[str, bytes]:
    """Draw every figure of the report, by name. tables: `learning`, `roc` and `pr`."""
    figures = {
        "differences": test_rows.differences(comparison),
        "learning": explanation.learning_curves(tables["learning"]),
        "roc": performance.roc(tables["roc"]),
        "pr": performance.precision_recall(tables["pr"]),
        "confusion": performance.confusion(comparison),
    }
    if comparison.ablation:
        figures["ablation"] = techniques.ablation_differences(comparison.ablation)
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
