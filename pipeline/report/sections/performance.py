"""Section 5: how good the model is."""

from __future__ import annotations

import numpy as np

from pipeline.comparison.assessment import Quality
from pipeline.comparison.kinds import KINDS, Kind
from pipeline.comparison.quality import Threshold
from pipeline.comparison.result import Comparison
from pipeline.report.document import Block, HeadingBlock, PictureBlock, TableBlock, TextBlock
from pipeline.text.numbers import between, bounds, fixed, percent, signed


def quality(c: Comparison) -> list[Block]:
    """Show the curves and tables of the registered networks."""

    def errors(kind: Kind) -> str:
        counts = np.array(getattr(c, kind).confusion)
        return f"{kind} {counts.sum() - counts.trace()} of {counts.sum()} rows wrong"

    def figures(metric: str) -> str:
        return ", ".join(f"{kind} {fixed(getattr(c, kind).test[metric])}" for kind in KINDS)

    matrices = ", ".join(errors(kind) for kind in KINDS)
    chosen = c.quality.chosen if c.quality else None
    third = f" Right: tuned, at the threshold {fixed(chosen.value)} below." if chosen else ""
    blocks: list[Block] = [
        HeadingBlock("How good is the model"),
        TextBlock(
            "Of each kind, the network is registered whose val loss is the median of its seeds:"
            " typical, not lucky."
        ),
        PictureBlock(
            "roc",
            f"ROC curves of the registered networks; area: {figures('roc_auc')}.",
            f"ROC on test, area: {figures('roc_auc')}.",
            half=True,
        ),
        PictureBlock(
            "pr",
            f"Precision-recall curves of the registered networks; area: {figures('pr_auc')}.",
            f"Precision and recall on test, average precision: {figures('pr_auc')}.",
            half=True,
        ),
        PictureBlock(
            "confusion",
            f"Confusion matrices: {matrices}.",
            f"Test rows by actual class and most probable class: {matrices}.{third}",
        ),
    ]
    if c.quality:
        error = figures("calibration_error")
        what = f"of {c.data.positive}" if c.data.positive else "of the most probable class"
        blocks += [
            PictureBlock(
                "calibration",
                f"Calibration plot with intervals; calibration error: {error}.",
                f"Probability {what} against how often it came true, bins of equally many test"
                f" rows with Wilson's intervals. Calibration error: {error}.",
            ),
            *_classes(c.quality),
            *_thresholds(c, c.quality),
            *_columns(c.quality),
            *_hardest(c.quality),
        ]
    return blocks


def _classes(q: Quality) -> list[Block]:
    rows = [
        (
            label.name,
            str(label.rows),
            f"{fixed(label.recall.estimate, 3)} ({bounds(label.recall, 3)})",
            f"{fixed(label.precision.estimate, 3)} ({bounds(label.precision, 3)})"
            if label.precision
            else "never predicted",
            fixed(label.f1, 3),
        )
        for label in q.classes
    ]
    header = ("Class", "Rows", "Recall (interval)", "Precision (interval)", "F1")
    return [TableBlock("The registered tuned network, by class", header, rows)]


def _thresholds(c: Comparison, q: Quality) -> list[Block]:
    if not (q.usual and q.chosen and c.data.positive):
        return []

    def row(title: str, threshold: Threshold) -> tuple[str, ...]:
        (right_negative, false_positive), (missed, right_positive) = threshold.confusion
        counts = (right_positive, missed, false_positive, right_negative)
        return (
            title, fixed(threshold.value), *map(str, counts), fixed(threshold.recall, 3),
            fixed(threshold.specificity, 3),
        )  # fmt: skip

    header = (
        "Threshold", "Value", "Found", "Missed", "False alarms", "Rightly left", "Recall",
        "Specificity",
    )  # fmt: skip
    return [
        TableBlock(
            f"Test rows of {c.data.positive} by threshold, registered tuned network",
            header,
            [row("As served", q.usual), row("Chosen on val", q.chosen)],
        ),
        TextBlock(
            "The model is served with 0.5. The other threshold has the highest recall plus"
            " specificity on val rows (Youden's index); it has not seen the test rows either, but"
            " val rows also stopped the fits."
        ),
    ]


def _columns(q: Quality) -> list[Block]:
    if not q.importance:
        return []
    first = q.importance[0]
    importance = [
        (column.column, signed(column.rise.estimate), between(column.rise))
        for column in q.importance
    ]
    slices = [
        (
            f"{part.column}: {part.level}",
            str(part.rows),
            f"{fixed(part.accuracy.estimate, 3)} ({bounds(part.accuracy, 3)})",
            f"{fixed(part.log_loss.estimate, 3)} ({bounds(part.log_loss, 3)})"
            if part.rows > 1
            else f"{fixed(part.log_loss.estimate, 3)}",
        )
        for part in q.slices
    ]
    return [
        PictureBlock(
            "columns",
            f"Permutation importance of raw columns; first {first.column} with"
            f" {signed(first.rise.estimate)}.",
            "Rise in log loss when a column's values are shuffled among the test rows. Of"
            " columns that say the same, each looks less important than it is.",
        ),
        TableBlock(
            "Permutation importance of raw columns",
            ("Column", "Rise in log loss", "Interval"),
            importance,
        ),
        TableBlock(
            "Slices of the test rows by the most telling columns, tuned networks of all seeds",
            ("Slice", "Rows", "Accuracy (interval)", "Log loss (interval)"),
            slices,
        ),
        TextBlock(
            "Intervals of slices and columns are each alone, not corrected for their number: they"
            " say where to look, and prove nothing."
        ),
    ]


def _hardest(q: Quality) -> list[Block]:
    if not q.hardest:
        return [TextBlock("The registered tuned network misclassifies no test row.")]
    columns = list(q.hardest[0].cells)
    rows = [
        (
            str(hard.row), hard.actual, hard.predicted, percent(hard.probability),
            *(hard.cells[name] for name in columns),
        )
        for hard in q.hardest
    ]  # fmt: skip
    header = ("Test row", "Actual", "Predicted", "Probability of actual", *columns)
    return [TableBlock("Hardest misclassified test rows, the worst first", header, rows)]
