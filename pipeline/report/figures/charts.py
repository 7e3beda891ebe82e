"""All charts of a report, as SVG. Whatever is a change with an interval is better to the left."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from pipeline.comparison.ablation import Ablation
from pipeline.comparison.kinds import KINDS
from pipeline.comparison.result import Comparison
from pipeline.evaluation.result import Evaluation
from pipeline.report.figures import explanation, numbers, performance
from pipeline.report.figures.confusion import confusion
from pipeline.report.figures.interval_chart import ChartRow, ChartText, interval_chart
from pipeline.report.figures.published_run import repetitions_histogram
from pipeline.report.terms import (
    by_share,
    plain_title,
    plain_words,
    ranks_perfectly,
    threshold_matters,
)
from pipeline.statistics.intervals import Interval, verdict
from pipeline.tasks.task import TaskName
from pipeline.text.numbers import between, fixed, probability, signed


def charts(
    comparison: Comparison, tables: Mapping[str, pd.DataFrame], width: str
) -> dict[str, str]:
    """Draw every chart, by name. tables: those of `figure_data.chart_tables`.

    width: a number of pixels, or 100%.
    """
    task = comparison.task
    loss = task.loss
    drawn = {
        "differences": _differences(comparison, width),
        "learning": explanation.learning_curves(tables["learning"], task.fitted_title, width),
        **OWN_CHARTS[task.name](comparison, tables, width),
    }
    if comparison.evaluation:
        drawn["arms"] = _arms(comparison.evaluation, width)
    if comparison.ablation and comparison.ablation.comparisons:
        drawn["ablation"] = _ablation(comparison, comparison.ablation, width)
    if comparison.reference:
        drawn["reference"] = repetitions_histogram(comparison.reference, width)
    for curve in comparison.curves:
        drawn[f"validation_{curve.part}"] = explanation.validation_curve(curve, loss.title, width)
    if comparison.weights:
        titles = [plain_title(comparison, shown.name, shown.title) for shown in comparison.weights]
        drawn["weights"] = explanation.weight_histograms(comparison.weights, titles, width)
    if comparison.importance:
        drawn["moved"] = explanation.moved(by_share(comparison.importance), width)
    if comparison.quality and comparison.quality.importance:
        drawn["columns"] = performance.importance(comparison.quality.importance, loss.words, width)
    return drawn


def _classes(c: Comparison, tables: Mapping[str, pd.DataFrame], width: str) -> dict[str, str]:
    """Draw what only a prediction of classes has."""
    drawn = {
        f"confusion_{kind}": confusion(getattr(c, kind).confusion, c.data.classes, kind, width)
        for kind in KINDS
    }
    if c.quality and c.quality.chosen and threshold_matters(c.quality):
        chosen = c.quality.chosen
        title = f"tuned, threshold {fixed(chosen.value)}"
        drawn["confusion_chosen"] = confusion(chosen.confusion, c.data.classes, title, width)
    if not ranks_perfectly(c):
        drawn["roc"] = performance.roc(tables["roc"], width)
        drawn["pr"] = performance.precision_recall(tables["pr"], width)
    if c.quality:
        drawn["calibration"] = performance.calibration(c.quality.calibration, width)
    return drawn


def _numbers(c: Comparison, tables: Mapping[str, pd.DataFrame], width: str) -> dict[str, str]:
    """Draw what only a prediction of a number has."""
    table = tables["predicted"]
    return {
        "predicted": numbers.predicted(table, width),
        "residuals": numbers.residuals(table, width),
        "errors": numbers.errors(table, width),
    }


OWN_CHARTS: Mapping[
    TaskName, Callable[[Comparison, Mapping[str, pd.DataFrame], str], dict[str, str]]
] = {"classification": _classes, "regression": _numbers}


def _arms(evaluation: Evaluation, width: str) -> str:
    """Draw each arm's change in the loss against the baseline."""
    rows, loss = [], evaluation.task.loss
    for arm in evaluation.arms:
        if arm.difference is None:
            continue
        change = arm.difference.loss
        rows.append(
            ChartRow(
                arm.title,
                change,
                signed(change.estimate),
                arm.difference.verdict,
                f"{arm.title}: {signed(change.estimate)} ({between(change)}),"
                f" {loss.words} {fixed(arm.loss)}; {arm.difference.verdict}; alone, it would help"
                f" with a probability of {probability(change.helps_probability)}",
                strong=arm is evaluation.tuned,
            )
        )
    text = ChartText(
        f"Change in {loss.words} of each arm against the baseline",
        "better than the baseline",
        "worse",
        f"change in {loss.words}",
    )
    return interval_chart(rows, text, width, evaluation.rope)


def _differences(comparison: Comparison, width: str) -> str:
    """Draw tuned minus baseline on the test rows in each metric, turned so that left is better."""
    rows, task = [], comparison.task
    for name, paired in comparison.metrics.items():
        metric, difference = task.metric(name), paired.difference
        change = _comparable(difference, paired.baseline.estimate if metric.relative else 1.0)
        if metric.more_is_better:
            change = Interval(-change.estimate, -change.high, -change.low)
        levels = f"{fixed(paired.baseline.estimate)} → {fixed(paired.tuned.estimate)}"
        rows.append(
            ChartRow(
                metric.title,
                change,
                levels,
                verdict(change),
                f"{metric.title}: baseline → tuned {levels}; difference"
                f" {signed(difference.estimate)} ({between(difference)})",
                strong=name == task.loss.name,
            )
        )
    text = ChartText(
        "Difference of tuned and baseline in each metric",
        "tuned is better",
        "worse",
        "size of the difference" + ("" if task.categorical else ", as a share of the baseline's"),
        sizes=True,
    )
    return interval_chart(rows, text, width)


def _comparable(difference: Interval, unit: float) -> Interval:
    """Return a difference in this unit, so that those of several metrics fit on one axis."""
    unit = unit or 1.0
    return Interval(difference.estimate / unit, difference.low / unit, difference.high / unit)


def _ablation(comparison: Comparison, ablation: Ablation, width: str) -> str:
    """Draw the loss of each variant minus that of the network without regularization."""
    loss = comparison.task.loss
    rows = [
        ChartRow(
            row.title,
            row.difference,
            signed(row.difference.estimate),
            row.verdict,
            f"{row.title}: {signed(row.difference.estimate)} ({between(row.difference)}),"
            f" {loss.words} {fixed(row.loss)}; {row.verdict}",
            strong=row.name == "tuned",
        )
        for row in ablation.rows
        if row.difference and row.verdict
    ]
    plain = plain_words(comparison)
    text = ChartText(
        f"Change in {loss.words} of each variant against {plain}",
        f"better than {plain}",
        "worse",
        f"change in {loss.words}",
    )
    return interval_chart(rows, text, width)
