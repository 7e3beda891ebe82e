"""Section 1: every arm of the evaluation, what its parts do, and other models beside it."""

from __future__ import annotations

from pipeline.comparison.result import Comparison
from pipeline.evaluation.result import Arm, ArmDifference, Evaluation
from pipeline.report.document import Block, HeadingBlock, ItemsBlock, TableBlock, TextBlock
from pipeline.report.sections.test_rows import TAIL
from pipeline.statistics.intervals import Interval
from pipeline.text.numbers import (
    between,
    fixed,
    percent,
    probability,
    signed,
)

# From this probability on, an open verdict is said to be probably one or the other.
LIKELY = 0.9
_ARMS = (
    "Arm", "Log loss", "Change", "Interval", "Helps, seen alone", "Verdict, with all others",
    "Brier score", "Log loss, rescaled",
)  # fmt: skip


def arms(c: Comparison) -> list[Block]:
    """Report every arm; nothing where there was no evaluation."""
    if c.evaluation is None:
        return []
    e = c.evaluation
    return [
        HeadingBlock("Which technique does what"),
        TextBlock(
            "An arm is a way to train: the baseline, the tuned mix, a technique alone, or the mix"
            f" without a part. All rows but test's, in {e.outer_folds} outer folds,"
            f" {len(e.repeats)} times over. In each outer training part everything is done anew:"
            f" preparation, search ({e.trials} trials, {e.inner_folds} inner folds), the strength"
            " of each technique alone, fitting. Elastic net takes half of either penalty's"
            f" strength. A change smaller than {e.rope:g} (compare.rope) matters to nobody."
        ),
        ItemsBlock(_second_judges(e)),
        TableBlock(
            "Every arm against the baseline", _ARMS, [_row(arm) for arm in e.arms],
            folded=True, printed=True,
        ),
        TextBlock(_two_questions(e)),
        *_parts(e),
        *_peers(e),
        TextBlock(
            f"The intervals count other rows and other fits ({e.resamples:,} resamples). Those of"
            f" the arms but the tuned mix hold all together with {percent(e.confidence)} confidence"
            " (Bonferroni), and so do those of the parts and of the other models. How often such"
            " intervals are right was measured: docs/regularization.md."
        ),
    ]  # fmt: skip


def _two_questions(e: Evaluation) -> str:
    """Say why a probable effect may be no verdict."""
    return (
        "Probability and verdict answer two questions. The probability that an arm helps is its"
        " own, as if it were the only one and nothing had been known before. The verdict must hold"
        f" for all {len(e.arms) - 1} arms at once: the luckiest of many looks good by chance, so"
        " its interval is wider. So an arm may very probably help and the verdict may still be"
        " that these rows cannot tell yet."
    )


def short_table(c: Comparison) -> list[Block]:
    """Tabulate the arms in few columns, for where there is no room."""
    if c.evaluation is None:
        return []
    rows = [
        (
            arm.title,
            signed(arm.difference.log_loss.estimate),
            between(arm.difference.log_loss),
            arm.difference.verdict,
        )
        for arm in c.evaluation.arms
        if arm.difference
    ]
    header = ("Arm", "Change", "Interval", "Verdict")
    return [TableBlock("Change in log loss against the baseline", header, rows)]


def _row(arm: Arm) -> tuple[str, ...]:
    rescaled = "" if arm.recalibrated is None else fixed(arm.recalibrated)
    levels = (fixed(arm.brier), rescaled)
    if arm.difference is None:
        return (arm.title, fixed(arm.log_loss), "", "", "", "", *levels)
    change = arm.difference.log_loss
    return (
        arm.title,
        fixed(arm.log_loss),
        signed(change.estimate),
        between(change),
        probability(change.helps_probability),
        _verdict(arm.difference),
        *levels,
    )


def _verdict(difference: ArmDifference) -> str:
    """Give the verdict, and where it is open, what it would probably be."""
    likely = difference.log_loss.helps_probability
    if difference.verdict != "cannot tell yet" or LIKELY >= likely >= 1 - LIKELY:
        return difference.verdict
    return f"cannot tell yet, probably {'helps' if likely > LIKELY else 'hurts'}"


def _second_judges(e: Evaluation) -> list[str]:
    tuned, baseline = e.tuned, e.baseline
    texts = [_long_tail(e.difference), _brier(e)]
    if e.difference.recalibrated is not None:
        change = e.difference.recalibrated
        assert tuned.recalibrated is not None
        assert baseline.recalibrated is not None
        texts.append(
            "Less overconfident, or better? With the probabilities of both rescaled by one"
            " temperature each, which takes overconfidence away, log loss changes by"
            f" {signed(change.estimate)} ({between(change)}), from"
            f" {fixed(baseline.recalibrated)} to {fixed(tuned.recalibrated)}:"
            f" {_better_or_bolder(e.difference.log_loss, change)}."
        )
    return texts


def _better_or_bolder(whole: Interval, rescaled: Interval) -> str:
    """Say whether a difference in log loss is one in confidence, in prediction, or in both."""
    if rescaled.high < 0:
        if whole.estimate < 0 and rescaled.estimate > whole.estimate:
            share = percent(rescaled.estimate / whole.estimate)
            return (
                f"the tuned network predicts better, which is {share} of the change; the rest is"
                " less overconfidence"
            )
        return "the tuned network predicts better, and not only less overconfidently"
    if rescaled.low > 0:
        return "apart from overconfidence, the tuned network predicts worse"
    if whole.high < 0:
        return (
            "the tuned network is less overconfident; whether it predicts better as well cannot be"
            " told"
        )
    return "no difference can be told that way either"


def _brier(e: Evaluation) -> str:
    change = e.difference.brier
    by_log_loss = e.difference.log_loss
    told = change.high < 0 or change.low > 0
    if told and (change.estimate < 0) == (by_log_loss.estimate < 0):
        agrees = "it points the same way, and clearly"
    elif told:
        agrees = "it points the other way: what wins by log loss loses here"
    elif (change.estimate < 0) == (by_log_loss.estimate < 0):
        agrees = "it points the same way, but its interval holds 0"
    else:
        agrees = "it points the other way, but its interval holds 0"
    return (
        "Second judge: the Brier score (mean squared error of the probabilities), in which no"
        f" single row weighs much, changes by {signed(change.estimate)}"
        f" ({between(change)}), from {fixed(e.baseline.brier)} to {fixed(e.tuned.brier)}:"
        f" {agrees}."
    )


def _long_tail(difference: ArmDifference) -> str:
    """Say which rows the difference comes from, and what that means."""
    rows, change = difference.rows, difference.log_loss.estimate
    if rows.tail_share is None:
        return "Which rows: none, all have the same loss with either kind of network."
    fewer = percent(rows.better_off)
    median = signed(rows.median)
    if rows.tail_share > 1:
        share = "more than all of the change, as the other rows go the other way"
    elif rows.tail_share < 0:
        share = "nothing of the change, they go the other way"
    else:
        share = f"{percent(rows.tail_share)} of the change"
    text = (
        f"Which rows: the 1 % of rows with the largest losses carry {share}; {fewer} of the rows"
        f" are better off with the tuned network, and the median row changes by {median}"
    )
    if change < 0 and rows.tail_share > TAIL and rows.median >= 0:
        return (
            f"{text}. Regularization prevents a few confident blunders and costs every other row a"
            " little."
        )
    return f"{text}."


def _parts(e: Evaluation) -> list[Block]:
    if not e.parts:
        return []
    rows = [
        (part.title, signed(part.difference.estimate), between(part.difference), part.verdict)
        for part in e.parts
    ]
    return [
        TableBlock(
            "What each part does in the mix: log loss with it minus without it",
            ("Part", "Difference", "Interval", "Verdict"),
            rows,
        )
    ]


def _peers(e: Evaluation) -> list[Block]:
    rows = [
        ("Tuned network", fixed(e.tuned.log_loss), fixed(e.tuned.brier), "", "", ""),
        *(
            (
                peer.title,
                fixed(peer.log_loss),
                fixed(peer.brier),
                signed(peer.difference.estimate),
                between(peer.difference),
                _against(peer.verdict),
            )
            for peer in e.peers
        ),
    ]
    header = (
        "Model", "Log loss", "Brier score", "Tuned minus it", "Interval", "The tuned network is",
    )  # fmt: skip
    return [
        TableBlock(
            "Other models on the same folds, to see whether this network is worth having",
            header,
            rows,
        )
    ]


def _against(verdict: str) -> str:
    """Say how the tuned network does beside another model."""
    return {
        "helps": "better",
        "hurts": "worse",
        "makes no difference that matters": "as good",
    }.get(verdict, "cannot tell yet")
