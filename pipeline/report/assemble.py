"""All files of the report: tables, charts, the report in its three forms, and headline figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from pipeline.comparison.assessment import Predictions
from pipeline.comparison.kinds import KINDS, Kind
from pipeline.comparison.networks import Networks
from pipeline.comparison.result import Comparison
from pipeline.project.records import written
from pipeline.report import render
from pipeline.report.figure_data import (
    PLOTTED,
    PREDICTION_TABLES,
    chart_tables,
    means_by_curve,
)
from pipeline.report.figures.charts import charts
from pipeline.report.spreadsheet import spreadsheet_safe

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
    task = comparison.task
    drawn_from = chart_tables(networks, predictions)
    own = dict(drawn_from)
    tables = {"learning": means_by_curve(own.pop("learning"))}
    for name, table in own.items():
        for kind, rows in table.groupby("model"):
            tables[f"{name}_{kind}"] = spreadsheet_safe(rows.drop(columns="model"))
    # DVC shows no plot of a table without rows, and complains of a file that is not there.
    for name in PLOTTED.keys() - own.keys():
        tables |= {f"{name}_{kind}": pd.DataFrame(columns=[*PLOTTED[name]]) for kind in KINDS}
    return ReportFiles(
        predictions=spreadsheet_safe(PREDICTION_TABLES[task.name](predictions)),
        tables=tables,
        charts=charts(comparison, drawn_from, CHART_PX),
        json=written(comparison, task),
        markdown=render.markdown(comparison, figures_folder),
        html=render.html(comparison, drawn_from, made),
        headline=headline(comparison),
    )


def headline(comparison: Comparison) -> dict[str, object]:
    """Return the few figures that `dvc metrics` shows and compares; all are in the JSON report.

    No name is one of `metrics/evaluate.json`, for DVC's tables show a name alone if it is unique.
    """
    figures: dict[str, object] = {"test_verdict": comparison.test_verdict}
    for metric in (metric for metric in comparison.task.metrics if metric.headline):
        paired = comparison.metrics[metric.name]
        figures[metric.name] = {
            "tuned": round(paired.tuned.estimate, DIGITS),
            "baseline": round(paired.baseline.estimate, DIGITS),
        }
    loss = comparison.task.loss.name
    interval = comparison.metrics[loss].difference
    figures["test_difference"] = {
        loss: round(interval.estimate, DIGITS),
        "low": round(interval.low, DIGITS),
        "high": round(interval.high, DIGITS),
    }
    return figures
