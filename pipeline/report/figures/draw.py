"""All figures of a report."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from pipeline.comparison.result import Comparison
from pipeline.report.figures import metrics as figures
from pipeline.report.figures import performance as figures_quality
from pipeline.report.figures import techniques as figures_why


def draw(comparison: Comparison, tables: Mapping[str, pd.DataFrame]) -> dict[str, bytes]:
    """Every figure of the report by name; tables: the series `learning`, `roc` and `pr`."""
    drawn = {
        "differences": figures.differences(comparison),
        "learning": figures.learning_curves(tables["learning"]),
        "roc": figures.roc(tables["roc"]),
        "pr": figures.precision_recall(tables["pr"]),
        "confusion": figures.confusion(comparison),
    }
    if comparison.ablation:
        drawn["ablation"] = figures_why.ablation_differences(comparison.ablation)
    if comparison.reference:
        drawn["reference"] = figures_why.reference_histogram(comparison.reference)
    if comparison.curves:
        drawn["validation"] = figures_why.validation(comparison.curves)
    if comparison.weights:
        drawn["weights"] = figures_why.weight_histograms(comparison.weights)
    if comparison.quality:
        drawn["calibration"] = figures_quality.calibration(comparison.quality.calibration)
        drawn["columns"] = figures_quality.importance(comparison.quality.importance)
    return {name: figures.png(figure) for name, figure in drawn.items()}
