"""All files of the report: tables, charts, the report in its three forms, and headline figures."""

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
    chart_tables,
    confusion_table,
    means_by_curve,
    prediction_table,
)
from pipeline.report.figures.charts import charts
from pipeline.report.spreadsheet import spreadsheet_safe
from pipeline.tasks.classification import CLASSIFICATION

# Digits of the headline figures: more are noise, and make `dvc metrics` hard to read.
DIGITS = 6
# Width of a chart that stands in a file of its own.
CHART_PX = "720"


@dataclass(frozen=True, eq=False)
class ReportFiles:
    """The contents of the files that `compare` writes for people.

    predictions: a row per test row. tables: what the charts are drawn from, for DVC to plot.
    charts: SVG files. headline: the few figures that `dvc metrics` shows.
    """

    predictions: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
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
    made: str | None = None,
) -> ReportFiles:
    """Make the files of the report.

    figures_folder: where the Markdown finds the charts. made: when, from what and how long; it
    stands in the HTML alone, whose bytes differ from run to run in that line.
    """
    probability, y, classes = predictions.test, predictions.y, predictions.classes
    drawn_from = chart_tables(networks, predictions)
    tables = {"learning": means_by_curve(drawn_from["learning"])}
    by_class = {name: drawn_from[name] for name in ("roc", "pr")}
    by_class["confusion"] = confusion_table(probability, y, classes)
    for name, table in by_class.items():
        for kind, rows in table.groupby("model"):
            tables[f"{name}_{kind}"] = spreadsheet_safe(rows.drop(columns="model"))
    return ReportFiles(
        predictions=spreadsheet_safe(prediction_table(probability, y, classes)),
        tables=tables,
        charts=charts(comparison, drawn_from, CHART_PX),
        json=comparison.model_dump(),
        markdown=render.markdown(comparison, figures_folder),
        html=render.html(comparison, drawn_from, made),
        headline=headline(comparison),
    )


def headline(comparison: Comparison) -> dict[str, object]:
    """Return the few figures that `dvc metrics` shows and compares; all are in the JSON report.

    No name is one of `metrics/evaluate.json`, for DVC's tables show a name alone if it is unique.
    """
    figures: dict[str, object] = {"test_verdict": comparison.test_verdict}
    for metric in (metric for metric in CLASSIFICATION.metrics if metric.headline):
        paired = comparison.metrics[metric.name]
        figures[metric.name] = {
            "tuned": round(paired.tuned.estimate, DIGITS),
            "baseline": round(paired.baseline.estimate, DIGITS),
        }
    interval = comparison.metrics["log_loss"].difference
    figures["test_difference"] = {
        "log_loss": round(interval.estimate, DIGITS),
        "low": round(interval.low, DIGITS),
        "high": round(interval.high, DIGITS),
    }
    return figures
