"""All charts of a report, as SVG: whatever is a change with an interval, better to the left."""

from __future__ import annotations

from pipeline.comparison.ablation import Ablation
from pipeline.comparison.result import Comparison
from pipeline.evaluation.result import Evaluation
from pipeline.report.figures.interval_chart import ChartRow, ChartText, interval_chart
from pipeline.statistics.intervals import Interval, verdict
from pipeline.tasks.classification import CLASSIFICATION
from pipeline.text.numbers import between, fixed, probability, short, short_between, signed


def charts(comparison: Comparison, width: str) -> dict[str, str]:
    """Draw every chart, by name. width: a number of pixels, or 100%."""
    drawn = {"differences": _differences(comparison, width)}
    if comparison.evaluation:
        drawn["arms"] = _arms(comparison.evaluation, width)
    if comparison.ablation and comparison.ablation.comparisons:
        drawn["ablation"] = _ablation(comparison.ablation, width)
    return drawn


def _arms(evaluation: Evaluation, width: str) -> str:
    """Draw each arm's change in log loss against the baseline."""
    rows = []
    for arm in evaluation.arms:
        if arm.difference is None:
            continue
        change = arm.difference.log_loss
        estimate = short(change.estimate, sign=True)
        rows.append(
            ChartRow(
                arm.title,
                change,
                estimate,
                arm.difference.verdict,
                f"{arm.title}: {estimate} ({short_between(change)}), log loss"
                f" {fixed(arm.log_loss)}; {arm.difference.verdict}; probability that it helps"
                f" {probability(change.helps_probability)}",
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
        rows.append(
            ChartRow(
                metric.title,
                change,
                signed(difference.estimate),
                verdict(change),
                f"{metric.title}: {fixed(paired.tuned.estimate)} tuned,"
                f" {fixed(paired.baseline.estimate)} baseline; difference"
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


def _ablation(ablation: Ablation, width: str) -> str:
    """Draw the log loss of each variant minus that of none, with simultaneous intervals."""
    rows = [
        ChartRow(
            row.title,
            row.difference,
            signed(row.difference.estimate, 3),
            row.verdict,
            f"{row.title}: {signed(row.difference.estimate)} ({between(row.difference)}), log loss"
            f" {fixed(row.log_loss)}; {row.verdict}",
            strong=row.name == "tuned",
        )
        for row in ablation.rows
        if row.difference and row.verdict
    ]
    text = ChartText(
        "Log loss of each variant minus that of none",
        "better than none",
        "worse",
        "change in log loss",
    )
    return interval_chart(rows, text, width)
