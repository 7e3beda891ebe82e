"""Section 5 where classes are predicted: how good the model is."""

from __future__ import annotations

import numpy as np

from pipeline.comparison.assessment import Quality
from pipeline.comparison.kinds import KINDS, Kind
from pipeline.comparison.quality import Threshold
from pipeline.comparison.result import Comparison
from pipeline.report.document import (
    Block,
    ChartBlock,
    HeadingBlock,
    StatementBlock,
    TableBlock,
    TextBlock,
)
from pipeline.report.sections.columns import columns
from pipeline.report.terms import ranks_perfectly, threshold_matters
from pipeline.statistics.intervals import Interval
from pipeline.text.numbers import bounds, counted, fixed, percent


def class_quality(c: Comparison) -> list[Block]:
    """Show the curves and tables of the registered networks."""
    blocks: list[Block] = [
        HeadingBlock("How good is the model"),
        TextBlock(
            "Of each kind, the network is registered whose val loss is the median of its seeds:"
            " typical, not lucky. All that follows is about these two on the test rows, unless it"
            " says otherwise."
        ),
        _confusion(c),
    ]
    if c.quality:
        blocks += [
            _classes(c.quality),
            *_thresholds(c, c.quality),
        ]
    blocks += _ranking(c)
    if c.quality:
        blocks += [
            _calibration(c, c.quality),
            *columns(c),
            *_hardest(c.quality),
        ]
    return blocks


def _confusion(c: Comparison) -> ChartBlock:
    def errors(kind: Kind) -> str:
        counts = np.array(getattr(c, kind).confusion)
        wrong = int(counts.sum() - counts.trace())
        return f"{kind} {wrong:,} of {counted(int(counts.sum()), 'row')} wrong"

    matrices = ", ".join(map(errors, KINDS))
    names = [f"confusion_{kind}" for kind in KINDS]
    if c.quality and threshold_matters(c.quality):
        names.append("confusion_chosen")
    return ChartBlock(
        names,
        f"Confusion matrices: {matrices}.",
        f"Test rows by actual class and most probable class: {matrices}.",
    )


def _ranking(c: Comparison) -> list[Block]:
    if ranks_perfectly(c):
        return [
            TextBlock(
                "There are no ROC and precision-recall curves to show: both networks rank every"
                " test row rightly (both areas are 1), so the curves would lie on the frame."
            )
        ]
    text = f"Area under ROC: {_by_kind(c, 'roc_auc')}. Average precision: {_by_kind(c, 'pr_auc')}."
    return [
        ChartBlock(
            ("roc", "pr"),
            f"ROC and precision-recall curves of the registered networks. {text}",
            f"{text} Where both come near the best corner, only that corner is shown, as the title"
            " says.",
        )
    ]


def _by_kind(c: Comparison, name: str) -> str:
    return ", ".join(f"{kind} {fixed(getattr(c, kind).test[name])}" for kind in KINDS)


def _calibration(c: Comparison, q: Quality) -> ChartBlock:
    error = _by_kind(c, "calibration_error")
    what = f"of {c.data.positive}" if c.data.positive else "of the most probable class"
    return ChartBlock(
        ("calibration",),
        f"Calibration plot with intervals; calibration error: {error}.",
        f"Probability {what} against how often it came true, in bins of equally many test rows,"
        " with Wilson's intervals. Calibration error, the mean distance from the dotted line over"
        f" larger bins: {error}.",
    )


def _classes(q: Quality) -> TableBlock:
    rows = [
        (
            label.name,
            f"{label.rows:,}",
            _share(label.recall),
            _share(label.precision) if label.precision else "never predicted",
            fixed(label.f1),
        )
        for label in q.classes
    ]
    header = ("Class", "Rows", "Recall (interval)", "Precision (interval)", "F1")
    return TableBlock("The registered tuned network, by class", header, rows)


def _share(interval: Interval) -> str:
    return f"{fixed(interval.estimate)} ({bounds(interval)})"


def _thresholds(c: Comparison, q: Quality) -> list[Block]:
    if not (q.usual and q.chosen and c.data.positive):
        return []
    chosen_how = (
        "the one with the highest recall plus specificity on val rows (Youden's index); it has not"
        " seen the test rows either, but val rows also stopped the fits"
    )
    if not threshold_matters(q):
        return [
            TextBlock(
                "The model is served with the threshold 0.5. Another,"
                f" {fixed(q.chosen.value)}, {chosen_how}: it classifies every test row the same."
            )
        ]

    def row(title: str, threshold: Threshold) -> tuple[str, ...]:
        (right_negative, false_positive), (missed, right_positive) = threshold.confusion
        counts = (right_positive, missed, false_positive, right_negative)
        return (
            title, fixed(threshold.value), *(f"{count:,}" for count in counts),
            fixed(threshold.recall), fixed(threshold.specificity),
        )  # fmt: skip

    header = (
        "Threshold", "Value", "Found", "Missed", "False alarms", "Rightly left", "Recall",
        "Specificity",
    )  # fmt: skip
    warning = threshold_warning(q.usual, q.chosen, c.data.positive)
    return [
        TableBlock(
            f"Test rows of {c.data.positive} by threshold, registered tuned network",
            header,
            [row("As served", q.usual), row("Chosen on val", q.chosen)],
        ),
        *([StatementBlock(warning, "warning")] if warning else []),
        TextBlock(f"The model is served with 0.5. The other threshold is {chosen_how}."),
    ]


def threshold_warning(usual: Threshold, chosen: Threshold, positive: str) -> str | None:
    """Warn of a threshold chosen on val that does worse on test than 0.5; None if it does not.

    Worse: by recall plus specificity, which it was chosen by, or by missing more positive rows.
    """
    (_, alarms), (missed, _) = chosen.confusion
    (_, usual_alarms), (usual_missed, _) = usual.confusion
    worse = chosen.recall + chosen.specificity < usual.recall + usual.specificity
    if not (worse or missed > usual_missed):
        return None
    return (
        f"Warning: on the test rows the threshold chosen on val ({fixed(chosen.value)}) does worse"
        f" than 0.5. It misses {counted(missed, 'row')} of {positive} where 0.5 misses"
        f" {usual_missed or 'none'}, and raises {counted(alarms, 'false alarm')} where 0.5 raises"
        f" {usual_alarms or 'none'}. Keep 0.5 unless more rows say otherwise."
    )


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
