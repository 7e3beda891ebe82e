"""Section 4: why."""

from __future__ import annotations

from statistics import fmean

from pipeline.comparison.decomposition import Decomposition, Terms
from pipeline.comparison.kinds import KINDS
from pipeline.comparison.result import Comparison
from pipeline.comparison.weights import SHOWN_SEEDS
from pipeline.regularizers import BY_NAME
from pipeline.report.document import (
    Block,
    ChartBlock,
    HeadingBlock,
    StatementBlock,
    TableBlock,
    TextBlock,
)
from pipeline.report.terms import by_share, plain_title
from pipeline.statistics.intervals import Difference, verdict
from pipeline.text.numbers import average, between, fixed, percent, setting, signed


def why(c: Comparison) -> list[Block]:
    """Report bias and variance, learning, strengths, and what moved the score of the trials."""
    blocks: list[Block] = [HeadingBlock("Why")]
    if c.decomposition:
        if c.tuned.regularization != c.baseline.regularization:
            blocks.append(StatementBlock(_answer(c.decomposition, c.task.loss.words), "no"))
        blocks += _decomposition(c, c.decomposition)
    blocks += _learning(c)
    if c.weights:
        blocks += _weights(c)
    if c.curves:
        blocks += _curves(c)
    if c.importance:
        blocks.append(_moved(c))
    return blocks


def _moved(c: Comparison) -> Block:
    """Draw how much each tuned value moved the score of the trials."""
    shares = [
        f"{BY_NAME[name].value_words} {percent(share.estimate)}"
        f" ({percent(share.low)} to {percent(share.high)})"
        for name, share in by_share(c.importance)
    ]
    return ChartBlock(
        ("moved",),
        f"Share of each tuned value in what moved the score of the trials: {'; '.join(shares)}.",
        "What moved the score of the trials: the share of each tuned value in what sets the best"
        " tenth of them apart (PED-ANOVA), with 95 % intervals over resamples of the trials. Shares"
        " add up to 1; where lines overlap, these trials do not say which value matters more.",
    )


def _fewer(fitting_rows: int | None, rows: int) -> str:
    if fitting_rows is None or fitting_rows >= rows:
        return ""
    return f" The samples are of {fitting_rows:,} of the {rows:,} training rows (compare.rows)."


def _decomposition(c: Comparison, d: Decomposition) -> list[Block]:
    confidence, fitting_rows, rows = c.confidence, c.fitting_rows, c.data.rows["train"]

    def row(title: str, terms: Terms) -> tuple[str, ...]:
        losses = (terms.loss, terms.bias, terms.variance, terms.seed_variance)
        return (title, *map(fixed, losses), *_errors(terms))

    errors = ("Error", "Error: bias", "Error: variance") if c.task.error_terms else ()
    header = ("Kind", c.task.loss.title, "Bias", "Variance", "Variance over seeds", *errors)
    return [
        TextBlock(
            f"Both kinds are trained on {d.sets} bootstrap samples of the training rows, each with"
            f" a seed of its own. {c.task.words.decomposition} Variance over seeds: the same, of"
            f" networks that differ in seed alone.{_fewer(fitting_rows, rows)}"
        ),
        TableBlock(
            "Bias and variance on the test rows",
            header,
            [row(kind.capitalize(), getattr(d, kind)) for kind in KINDS],
        ),
        TextBlock(
            f"Tuned minus baseline: bias {signed(d.bias_difference.estimate)}"
            f" ({percent(confidence)} interval over the test rows {between(d.bias_difference)}),"
            f" variance {signed(d.variance_difference.estimate)}"
            f" ({between(d.variance_difference)})."
            " A bootstrap sample has 63 % of the distinct rows, so both are those of a smaller"
            " training set."
        ),
    ]


def _errors(terms: Terms) -> tuple[str, ...]:
    """Write the decomposed error, which only a prediction of classes has."""
    if terms.error is None or terms.error_bias is None or terms.error_variance is None:
        return ()
    return fixed(terms.error), fixed(terms.error_bias), signed(terms.error_variance)


def _learning(c: Comparison) -> list[Block]:
    epochs = ", ".join(f"{kind} {average(fmean(getattr(c, kind).epochs))}" for kind in KINDS)
    return [
        ChartBlock(
            ("learning",),
            f"{c.task.fitted_title} over epochs on train and val; mean epochs: {epochs}.",
            "Mean over the seeds still training, without penalties; bands hold the middle 80 % of"
            " the seeds. Val rows stop a fit; they judge nothing.",
        )
    ]


def _curves(c: Comparison) -> list[Block]:
    # Where fits learn another loss than is judged, they have no curve of their own.
    learned = all(point.train_loss is not None for curve in c.curves for point in curve.points)
    rows = [
        (
            curve.title, setting(point.value), fixed(point.cv_loss), fixed(point.spread),
            *(() if point.train_loss is None else (fixed(point.train_loss),)),
            "lowest" if point.value == curve.best else "",
        )
        for curve in c.curves
        for point in curve.points
    ]  # fmt: skip
    loss = c.task.loss
    fitting = ", and on the fitting rows while they train" if learned else ""
    train = (f"Train {loss.words}",) if learned else ()
    lowest = "; ".join(f"{curve.title} lowest at {setting(curve.best)}" for curve in c.curves)
    return [
        ChartBlock(
            tuple(f"validation_{curve.part}" for curve in c.curves),
            f"Cross-validated {loss.words} along the strength of each technique alone: {lowest}.",
            f"{loss.title} along each technique's strength alone: on held-out folds, the mean and"
            f" from the lowest to the highest fold{fitting}. The lowest mean is green.",
        ),
        TableBlock(
            "Validation curves, each technique alone, inside train",
            ("Technique", "Strength", f"CV {loss.words}", "Deviation", *train, "Lowest"),
            rows,
            folded=True,
        ),
    ]


def _weights(c: Comparison) -> list[Block]:
    threshold = (
        setting(float(c.setting.train["learning_rate"])) if c.setting else "the learning rate"
    )
    rows = [
        (
            plain_title(c, sizes.name, sizes.title), percent(sizes.below),
            _exactly(sizes.exact_zero), fixed(sizes.loss), fixed(sizes.pruned_loss),
        )
        for sizes in c.weights
    ]  # fmt: skip
    if c.setting and c.setting.train.get("l1") == "proximal":
        zeros = (
            "L1 acts by its proximal step (train.l1), so weights that it drives across zero rest at"
            " exactly 0; the other techniques leave none there."
        )
    else:
        zeros = (
            "Adam divides a gradient by its own recent size, so under L1 a weight is driven across"
            " zero and back by about one step's length and seldom rests at exactly 0. Setting the"
            " small ones to 0 afterwards gives the sparse network; the last two columns are its"
            " price. Where they agree, a proximal step while training, which makes exact zeros, has"
            " little to add (measured in docs/regularization.md)."
        )
    loss = c.task.loss
    below = "; ".join(f"{row[0]} {row[1]}" for row in rows)
    return [
        ChartBlock(
            ("weights",),
            f"Sizes of the kernel weights; share below {threshold}: {below}.",
            f"Sizes of all kernel weights of the first {SHOWN_SEEDS} networks; the first and the"
            " last step hold all that is smaller or larger. L1 gathers weights about zero, L2 makes"
            " all smaller.",
        ),
        TableBlock(
            f"Small weights, and the test {loss.words} when all below {threshold} are set to 0",
            ("Variant", "Near zero", "Exactly 0", loss.title, f"{loss.title} without small ones"),
            rows,
        ),
        TextBlock(zeros),
    ]


def _exactly(share: float) -> str:
    """Write a share of which even the smallest matters: none is told from few."""
    return percent(share) if share else "none"


def _answer(d: Decomposition, words: str) -> str:
    """Say in one sentence what tuning does to bias and variance."""

    def clause(name: str, change: Difference) -> str:
        effect = {"helps": "lowers", "hurts": "raises"}.get(verdict(change))
        interval = f"{signed(change.estimate)}, {between(change)}"
        if effect:
            return f"{effect} the {name} of its {words} ({interval})"
        return (
            f"makes no detectable difference to the {name} of its {words} ({interval}; a true one"
            f" of {fixed(change.detectable)} would probably have shown)"
        )

    variance, bias = clause("variance", d.variance_difference), clause("bias", d.bias_difference)
    return f"Over {d.sets} bootstrap training sets, tuning {variance} and {bias}."
