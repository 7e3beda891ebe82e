"""Section 4: why."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.comparison.decomposition import Decomposition, Terms
from pipeline.comparison.kinds import KINDS
from pipeline.comparison.result import Comparison
from pipeline.regularizers import BY_NAME
from pipeline.report.document import Block, HeadingBlock, PictureBlock, TableBlock, TextBlock
from pipeline.text.numbers import between, fixed, percent, setting, signed


def why(c: Comparison) -> list[Block]:
    """Report bias and variance, learning, strengths, and what moved the score of the trials."""
    blocks: list[Block] = [HeadingBlock("Why")]
    if c.decomposition:
        blocks += _decomposition(c, c.decomposition)
    blocks += _learning(c)
    if c.weights:
        blocks += _weights(c)
    if c.curves:
        blocks += _curves(c)
    if c.importance:
        order = sorted(c.importance.items(), key=lambda item: -item[1])
        shares = [f"{BY_NAME[name].value_words} {percent(share, 0)}" for name, share in order]
        blocks.append(
            TextBlock(
                "What moved the score of the trials, by the share of each tuned value among the"
                f" better ones (PED-ANOVA): {', '.join(shares)}."
            )
        )
    return blocks


def _fewer(fitting_rows: int | None, rows: int) -> str:
    if fitting_rows is None or fitting_rows >= rows:
        return ""
    return f" The samples are of {fitting_rows} of the {rows} training rows (compare.rows)."


def _decomposition(c: Comparison, d: Decomposition) -> list[Block]:
    confidence, fitting_rows, rows = c.confidence, c.fitting_rows, c.data.rows["train"]

    def row(title: str, terms: Terms) -> tuple[str, ...]:
        losses = (terms.log_loss, terms.bias, terms.variance, terms.seed_variance)
        return (
            title, *map(fixed, losses), fixed(terms.error), fixed(terms.error_bias),
            signed(terms.error_variance),
        )  # fmt: skip

    header = (
        "Kind", "Log loss", "Bias", "Variance", "Variance over seeds", "Error", "Error: bias",
        "Error: variance",
    )  # fmt: skip
    return [
        TextBlock(
            f"Both kinds are trained on {d.sets} bootstrap samples of the training rows, each with"
            " a seed of its own. The log loss is decomposed into the loss of the average network"
            " (bias; noise of the labels is in it) and the divergence of single networks from it"
            " (variance), after Heskes (1998); their sum is the log loss. Errors are decomposed"
            " after Domingos (2000). Variance over seeds: the same, of networks that differ in"
            f" seed alone.{_fewer(fitting_rows, rows)}"
        ),
        TableBlock(
            "Bias and variance on the test rows",
            header,
            [row(kind.capitalize(), getattr(d, kind)) for kind in KINDS],
        ),
        TextBlock(
            f"Tuned minus baseline: bias {signed(d.bias_difference.estimate)} ({100 * confidence:g}"
            f" % interval over the test rows {between(d.bias_difference)}), variance"
            f" {signed(d.variance_difference.estimate)} ({between(d.variance_difference)})."
            " A bootstrap sample has 63 % of the distinct rows, so both are those of a smaller"
            " training set."
        ),
    ]


def _learning(c: Comparison) -> list[Block]:
    def mean(values: Sequence[int]) -> str:
        return fixed(sum(values) / len(values), 1)

    epochs = ", ".join(f"{kind} {mean(getattr(c, kind).epochs)}" for kind in KINDS)
    return [
        PictureBlock(
            "learning",
            f"Log loss over epochs on train and val; mean epochs: {epochs}.",
            "Mean over the seeds still training, without penalties; bands hold the middle 80 % of"
            " the seeds. Val rows stop a fit; they judge nothing.",
        )
    ]


def _curves(c: Comparison) -> list[Block]:
    rows = [
        (
            curve.title, setting(point.value), fixed(point.cv_log_loss), fixed(point.spread),
            fixed(point.train_log_loss), "lowest" if point.value == curve.best else "",
        )
        for curve in c.curves
        for point in curve.points
    ]  # fmt: skip
    lowest = "; ".join(f"{curve.title} lowest at {setting(curve.best)}" for curve in c.curves)
    return [
        PictureBlock(
            "validation",
            f"Cross-validated log loss along the strength of each technique alone: {lowest}.",
            "Log loss on held-out folds (solid: the mean, and from the least to the most of the"
            " folds) and on fitting rows while they train (dashed), along each technique's strength"
            " alone.",
        ),
        TableBlock(
            "Validation curves, each technique alone, inside train",
            ("Technique", "Strength", "CV log loss", "Deviation", "Train log loss", "Lowest"),
            rows,
            folded=True,
        ),
    ]


def _weights(c: Comparison) -> list[Block]:
    threshold = f"{c.setting.train['learning_rate']:g}" if c.setting else "the learning rate"
    rows = [
        (
            sizes.title, percent(sizes.below), _exactly(sizes.exact_zero), fixed(sizes.log_loss),
            fixed(sizes.pruned_log_loss),
        )
        for sizes in c.weights
    ]  # fmt: skip
    below = "; ".join(f"{sizes.title} {percent(sizes.below)}" for sizes in c.weights)
    return [
        PictureBlock(
            "weights",
            f"Sizes of the kernel weights; share below {threshold}: {below}.",
            "Sizes of all kernel weights of all seeds; the first and the last step hold all that is"
            " smaller or larger. L1 gathers weights about zero, L2 makes all smaller.",
        ),
        TableBlock(
            f"Small weights, and the test log loss when all below {threshold} are set to 0",
            ("Variant", "Near zero", "Exactly 0", "Log loss", "Log loss without small ones"),
            rows,
        ),
        TextBlock(
            "Adam divides a gradient by its own recent size, so under L1 a weight is driven across"
            " zero and back by about one step's length and seldom rests at exactly 0. Setting the"
            " small ones to 0 afterwards gives the sparse network; the last two columns are its"
            " price. Where they agree, a proximal step while training, which makes exact zeros, has"
            " little to add (measured in docs/regularization.md)."
        ),
    ]


def _exactly(share: float) -> str:
    """Write a share of which even the smallest matters: none is told from few."""
    return percent(share, 3) if share else "none"
