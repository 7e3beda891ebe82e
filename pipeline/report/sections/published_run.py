"""Section 3: the published single run, repeated."""

from __future__ import annotations

from pipeline.comparison.published import RepeatedRun, Spread
from pipeline.comparison.result import Comparison
from pipeline.report.document import (
    Block,
    ChartBlock,
    HeadingBlock,
    StatementBlock,
    TableBlock,
    TextBlock,
)
from pipeline.text.numbers import between, fixed, percent, signed


def published_run(c: Comparison) -> list[Block]:
    """Report the repetitions, or why there are none."""
    heading = HeadingBlock("The reference experiment, repeated")
    if not c.reference:
        return [
            heading,
            TextBlock(
                "Not part of this report: it is switched off (compare.reference_repeats), or no"
                " published run on this data is known (compare.published)."
            ),
        ]
    r = c.reference
    blocks: list[Block] = [heading, StatementBlock(*_answer(r))]
    published_once = (
        f" The published notebooks did this once on {r.test_rows:,} rows:"
        f" {fixed(r.published_without)} without dropout and {fixed(r.published_with)} with."
        if r.published_without is not None and r.published_with is not None
        else ""
    )
    fewer = (
        f" To take minutes and not hours, each network is fitted on {r.fit_rows:,} of the rows that"
        " are not test rows (compare.rows), which the published ones were not."
        if r.fit_rows < r.rows - r.test_rows
        else ""
    )
    blocks.append(
        TextBlock(
            f"One network without dropout and one with rate {r.rate:g}, {r.epochs} epochs, nothing"
            f" stops them, {r.test_rows:,} test rows.{published_once} Here it is done {r.repeats}"
            f" times, each time on another random split of all {r.rows:,} rows and from other"
            f" initial weights.{fewer}"
        )
    )

    def row(title: str, spread: Spread) -> tuple[str, ...]:
        return (
            title, fixed(spread.mean), fixed(spread.deviation),
            f"{fixed(spread.low)} to {fixed(spread.high)}",
        )  # fmt: skip

    blocks += [
        TableBlock(
            "Accuracy over the repetitions",
            ("Network", "Mean", "Standard deviation", "Middle 90 %"),
            [row("Without dropout", r.without_spread), row("With dropout", r.with_spread)],
        ),
        ChartBlock(
            ("reference",),
            f"Histogram of accuracy with minus without dropout over {r.repeats} repetitions: mean"
            f" {signed(r.difference.estimate)}.",
            "Test rows more or fewer right with dropout than without, in each repetition.",
        ),
        TextBlock(
            f"With dropout the accuracy is lower in {percent(r.worse)} of the repetitions, equal in"
            f" {percent(r.equal)} and higher in {percent(r.better)}; the mean difference is"
            f" {signed(r.difference.estimate)} ({percent(c.confidence)} interval"
            f" {between(r.difference)}, corrected for splits that share rows after Nadeau and"
            f" Bengio): {r.verdict}. A true difference of {fixed(r.difference.detectable)} or more"
            " would probably have shown."
        ),
    ]
    if r.as_large is not None and r.published_with is not None and r.published_without is not None:
        published = r.published_with - r.published_without
        blocks.append(
            TextBlock(
                "What it says: the published difference of"
                f" {signed(published)} is {_rows(published, r.test_rows)} of {r.test_rows}."
                f" A difference of that size or more, in one direction or the other, shows in"
                f" {percent(r.as_large)} of the repetitions: a single run cannot tell whether"
                " dropout helps here."
            )
        )
    return blocks


def _rows(difference: float, test_rows: int) -> str:
    count = round(abs(difference) * test_rows)
    return f"{count} row{'' if count == 1 else 's'}"


def _answer(r: RepeatedRun) -> tuple[str, str]:
    effect = {"helps": "dropout helps", "hurts": "dropout hurts"}.get(r.verdict, str(r.verdict))
    title = "The reference experiment" if r.published_with is None else "The published single run"
    sentence = (
        f"{title}: over {r.repeats} repetitions, {effect} in accuracy (mean"
        f" {signed(r.difference.estimate)}, {between(r.difference)}; a true difference of"
        f" {fixed(r.difference.detectable)} or more would probably have shown)"
    )
    if r.as_large is not None and r.published_with is not None and r.published_without is not None:
        published = r.published_with - r.published_without
        sentence += (
            f"; {percent(r.as_large)} of the repetitions show a difference as large as the"
            f" published one ({signed(published)}) or larger, one way or the other"
        )
    return f"{sentence}.", r.verdict
