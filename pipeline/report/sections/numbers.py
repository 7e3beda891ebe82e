"""Section 5 where a number is predicted: how good the model is."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.comparison.kinds import KINDS
from pipeline.comparison.number_quality import QUANTILES, NumberQuality
from pipeline.comparison.result import Comparison
from pipeline.report.document import Block, ChartBlock, HeadingBlock, TableBlock, TextBlock
from pipeline.report.sections.columns import columns
from pipeline.text.numbers import between, counted, fixed, percent, signed

QUANTILE_NAMES: Mapping[float, str] = {
    share: "Median" if share == 0.5 else f"{100 * share:g} %" for share in QUANTILES
}


def number_quality(c: Comparison) -> list[Block]:
    """Show the errors of the registered networks, and how often the served intervals hold."""

    def figures(metric: str) -> str:
        return ", ".join(f"{kind} {fixed(getattr(c, kind).test[metric])}" for kind in KINDS)

    blocks: list[Block] = [
        HeadingBlock("How good is the model"),
        TextBlock(
            "Of each kind, the network is registered whose val loss is the median of its seeds:"
            " typical, not lucky. All that follows is about these two on the test rows, unless it"
            " says otherwise."
        ),
        ChartBlock(
            ("predicted", "residuals"),
            "Predicted against actual target, and error against prediction, of the registered"
            f" networks; R²: {figures('r2')}; RMSE: {figures('rmse')}.",
            "Test rows by actual and predicted target, and by prediction and error, which is"
            " predicted minus actual: a good model has no pattern there. On the dotted lines the"
            " prediction is right. Where rows lie close, one mark stands for several."
            f" R²: {figures('r2')}. RMSE: {figures('rmse')}.",
        ),
        ChartBlock(
            ("errors",),
            f"Distribution of the errors; mean absolute error: {figures('mae')}.",
            f"Test rows by error, predicted minus actual. Mean absolute error: {figures('mae')}.",
        ),
    ]
    if c.quality and c.quality.number:
        number = c.quality.number
        blocks += [
            TextBlock(_coverage(c, number)),
            *_errors(number),
            *columns(c),
            *_worst(number),
        ]
    return blocks


def _coverage(c: Comparison, number: NumberQuality) -> str:
    coverage = number.coverage
    level, covered = percent(coverage.level), coverage.covered
    holds = covered.low <= coverage.level <= covered.high
    verdict = "as promised, up to chance" if holds else "which is not what was promised"
    return (
        f"Each served prediction comes with an interval that is to hold the target with {level}"
        f" probability (compare.coverage): split-conformal, from the errors on"
        f" {counted(coverage.residuals, 'training row')} of networks that were not fitted on them."
        f" On the test rows the intervals hold {percent(covered.estimate)} of the targets"
        f" ({percent(c.confidence)} interval {percent(covered.low)} to {percent(covered.high)}),"
        f" {verdict}. They are {fixed(coverage.width)} wide on average. The promise is about"
        " rows like the training rows, on average over them, and not about each kind of row."
    )


def _errors(number: NumberQuality) -> list[Block]:
    cells = [signed(quantile) for quantile in number.quantiles]
    return [
        TableBlock(
            "Errors of the registered tuned network: predicted minus actual",
            ("Network", "Mean", "Interval", *QUANTILE_NAMES.values()),
            [("Tuned", signed(number.bias.estimate), between(number.bias), *cells)],
        )
    ]


def _worst(number: NumberQuality) -> list[Block]:
    names = list(number.worst[0].cells) if number.worst else []
    rows = [
        (
            str(row.row), fixed(row.actual), fixed(row.predicted), signed(row.error),
            *(row.cells[name] for name in names),
        )
        for row in number.worst
    ]  # fmt: skip
    header = ("Test row", "Actual", "Predicted", "Error", *names)
    return [TableBlock("Test rows with the largest errors, the worst first", header, rows)]
