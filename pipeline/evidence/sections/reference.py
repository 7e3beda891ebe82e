"""Section 3: the published single run, repeated."""

from __future__ import annotations

from pipeline.evidence.comparison import Comparison
from pipeline.evidence.document import Block, Heading, Picture, Table, Text
from pipeline.evidence.reference import Spread
from pipeline.evidence.wording import between, fixed, percent, signed


def reference(c: Comparison) -> list[Block]:
    """The repetitions, or why there are none."""
    heading = Heading("The reference experiment, repeated")
    if not c.reference:
        return [
            heading,
            Text(
                "Not part of this report: it is switched off (compare.reference_repeats), or no"
                " published run on this data is known."
            ),
        ]
    r = c.reference
    blocks: list[Block] = [heading]
    said = (
        f" The published notebooks did this once on {r.test_rows} rows:"
        f" {fixed(r.published_without)} without dropout and {fixed(r.published_with)} with."
        if r.published_without is not None and r.published_with is not None
        else ""
    )
    blocks.append(
        Text(
            f"One network without dropout and one with rate {r.rate:g}, {r.epochs} epochs, nothing"
            f" stops them, {r.test_rows} test rows.{said} Here it is done {r.repeats} times, each"
            " time on another random split of all rows and from other initial weights."
        )
    )

    def row(title: str, spread: Spread) -> tuple[str, ...]:
        return (
            title, fixed(spread.mean), fixed(spread.deviation),
            f"{fixed(spread.low)} to {fixed(spread.high)}",
        )  # fmt: skip

    blocks += [
        Table(
            "Accuracy over the repetitions",
            ("Network", "Mean", "Standard deviation", "Middle 90 %"),
            [row("Without dropout", r.without_spread), row("With dropout", r.with_spread)],
        ),
        Picture(
            "reference",
            f"Histogram of accuracy with minus without dropout over {r.repeats} repetitions: mean"
            f" {signed(r.difference.estimate)}.",
            "Difference in accuracy, with minus without dropout, of each repetition. The dashed"
            " line is the published one."
            if r.published_with is not None
            else "Difference in accuracy, with minus without dropout, of each repetition.",
        ),
        Text(
            f"With dropout the accuracy is lower in {percent(r.worse)} of the repetitions, equal in"
            f" {percent(r.equal)} and higher in {percent(r.better)}; the mean difference is"
            f" {signed(r.difference.estimate)} ({100 * c.confidence:g} % interval"
            f" {between(r.difference)}, corrected for splits that share rows after Nadeau and"
            " Bengio)."
        ),
    ]
    if r.as_large is not None and r.published_with is not None and r.published_without is not None:
        blocks.append(
            Text(
                "What it says: the published difference of"
                f" {signed(r.published_with - r.published_without)} is two rows of {r.test_rows}."
                f" A difference of that size or more, in one direction or the other, shows in"
                f" {percent(r.as_large)} of the repetitions: a single run cannot tell whether"
                " dropout helps here."
            )
        )
    return blocks
