"""All charts of a report, as SVG. Whatever is a change with an interval is better to the left."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from pipeline.comparison.ablation import Ablation
from pipeline.comparison.kinds import KINDS
from pipeline.comparison.result import Comparison
from pipeline.evaluation.result import Evaluation
from pipeline.report.figures import explanation, performance
from pipeline.report.figures.confusion import confusion
from pipeline.report.figures.interval_chart import ChartRow, ChartText, interval_chart
from pipeline.report.figures.published_run import repetitions_histogram
from pipeline.report.terms import plain_title, plain_words, ranks_perfectly, threshold_matters
from pipeline.statistics.intervals import Interval, verdict
from pipeline.tasks.classification import CLASSIFICATION
from pipeline.text.numbers import between, fixed, probability, signed


def charts(
    comparison: Comparison, tables: Mapping[str, pd.DataFrame], width: str
) -> dict[str, str]:
    """Draw every chart, by name. tables: `learning`, `roc` and `pr`.

    width: a number of pixels, or 100%.
    """
    loss = CLASSIFICATION.loss
    drawn = {
        "differences": _differences(comparison, width),
        "learning": explanation.learning_curves(tables["learning"], loss.title, width),
        **_classes(comparison, tables, width),
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
    if comparison.quality:
        drawn["calibration"] = performance.calibration(comparison.quality.calibration, width)
        if comparison.quality.importance:
            drawn["columns"] = performance.importance(
                comparison.quality.importance, loss.words, width
            )
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
    return drawn


def _arms(evaluation: Evaluation, width: str) -> str:
    """Draw each arm's change in log loss against the baseline."""
    rows = []
    for arm in evaluation.arms:
        if arm.difference is None:
            continue
        change = arm.difference.log_loss
        rows.append(
            ChartRow(
                arm.title,
                change,
                signed(change.estimate),
                arm.difference.verdict,
                f"{arm.title}: {signed(change.estimate)} ({between(change)}), log loss"
                f" {fixed(arm.log_loss)}; {arm.difference.verdict}; alone, it would help with a"
                f" probability of {probability(change.helps_probability)}",
                strong=arm is evaluation.tuned,
            )
        )
    text = ChartText(
        "Change in log loss of each arm against the baseline",
        "better than the baseline",
        "worse",
        "change in log loss",
    )
    return interval_chart(rows, text, width, evaluation.rope)


def _differences(comparison: Comparison, width: str) -> str:
    """Draw tuned minus baseline on the test rows in each metric, turned so that left is better."""
    rows = []
    for name, paired in comparison.metrics.items():
        metric, difference = CLASSIFICATION.metric(name), paired.difference
        change: Interval = difference
        if metric.more_is_better:
            change = Interval(-difference.estimate, -difference.high, -difference.low)
        levels = f"{fixed(paired.baseline.estimate)} → {fixed(paired.tuned.estimate)}"
        rows.append(
            ChartRow(
                metric.title,
                change,
                levels,
                verdict(change),
                f"{metric.title}: baseline → tuned {levels}; difference"
                f" {signed(difference.estimate)} ({between(difference)})",
                strong=name == CLASSIFICATION.loss.name,
            )
        )
    text = ChartText(
        "Difference of tuned and baseline in each metric",
        "tuned is better",
        "worse",
        "size of the difference",
        sizes=True,
    )
    return interval_chart(rows, text, width)


def _ablation(comparison: Comparison, ablation: Ablation, width: str) -> str:
    """Draw the log loss of each variant minus that of the network without regularization."""
    rows = [
        ChartRow(
            row.title,
            row.difference,
            signed(row.difference.estimate),
            row.verdict,
            f"{row.title}: {signed(row.difference.estimate)} ({between(row.difference)}), log loss"
            f" {fixed(row.log_loss)}; {row.verdict}",
            strong=row.name == "tuned",
        )
        for row in ablation.rows
        if row.difference and row.verdict
    ]
    plain = plain_words(comparison)
    text = ChartText(
        f"Change in log loss of each variant against {plain}",
        f"better than {plain}",
        "worse",
        "change in log loss",
    )
    return interval_chart(rows, text, width)
