"""All files of the report: tables, figures, the report in its three forms, and headline figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from pipeline.comparison.assessment import Predictions
from pipeline.comparison.kinds import Kind
from pipeline.comparison.networks import Networks
from pipeline.comparison.result import Comparison
from pipeline.report import render
from pipeline.report.figure_data import (
    confusion_table,
    learning_table,
    means_by_curve,
    pr_table,
    prediction_table,
    roc_table,
)
from pipeline.report.figures.charts import charts
from pipeline.report.figures.draw import draw
from pipeline.report.spreadsheet import spreadsheet_safe
from pipeline.tasks.classification import CLASSIFICATION

# Digits of the headline figures: more are noise, and make `dvc metrics` hard to read.
DIGITS = 6
# Width of a chart that stands in a file of its own.
CHART_PX = "720"


@dataclass(frozen=True, eq=False)
class ReportFiles:
    """The contents of the files that `compare` writes for people.

    predictions: a row per test row. tables: what the figures are drawn from, for DVC to plot.
    figures: PNG files. charts: SVG files. headline: the few figures that `dvc metrics` shows.
    """

    predictions: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    figures: Mapping[str, bytes]
    charts: Mapping[str, str]
    json: Mapping[str, Any]
    markdown: str
    html: str
    headline: Mapping[str, object]


def assemble_report(
    comparison: Comparison,
    networks: Mapping[Kind, Networks],
    predictions: Predictions,
    figures_folder: str,
) -> ReportFiles:
    """Make the files of the report. figures_folder: where the Markdown finds the figures."""
    probability, y, classes = predictions.test, predictions.y, predictions.classes
    learning = learning_table(
        {
            kind: [(fit.loss, fit.val_loss) for fit in trained.fits]
            for kind, trained in networks.items()
        }
    )
    curves = {
        "roc": roc_table(probability, y, classes),
        "pr": pr_table(probability, y, classes),
    }
    figures = draw(comparison, {"learning": learning, **curves})
    tables = {"learning": means_by_curve(learning)}
    for name, table in (curves | {"confusion": confusion_table(probability, y, classes)}).items():
        for kind, rows in table.groupby("model"):
            tables[f"{name}_{kind}"] = spreadsheet_safe(rows.drop(columns="model"))
    return ReportFiles(
        predictions=spreadsheet_safe(prediction_table(probability, y, classes)),
        tables=tables,
        figures=figures,
        charts=charts(comparison, CHART_PX),
        json=comparison.model_dump(),
        markdown=render.markdown(comparison, figures_folder),
        html=render.html(comparison, figures),
        headline=headline(comparison),
    )


def headline(comparison: Comparison) -> dict[str, object]:
    """Return the few figures that `dvc metrics` shows and compares; all are in the JSON report."""
    figures: dict[str, object] = {
        "verdict": comparison.verdict,
        "test_verdict": comparison.test_verdict,
    }
    for metric in (metric for metric in CLASSIFICATION.metrics if metric.headline):
        paired = comparison.metrics[metric.name]
        figures[metric.name] = {
            "tuned": round(paired.tuned.estimate, DIGITS),
            "baseline": round(paired.baseline.estimate, DIGITS),
        }
    interval = comparison.metrics["log_loss"].difference
    figures["difference"] = {
        "log_loss": round(interval.estimate, DIGITS),
        "low": round(interval.low, DIGITS),
        "high": round(interval.high, DIGITS),
    }
    return figures
