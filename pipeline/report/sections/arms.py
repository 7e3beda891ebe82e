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
    measured,
    percent,
    probability,
    signed,
)

# From this probability on, an open verdict is said to be probably one or the other.
LIKELY = 0.9


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
            f" strength. A change smaller than {_rope(e)} matters to nobody."
        ),
        ItemsBlock(_second_judges(e)),
        TableBlock(
            "Every arm against the baseline", _header(e), [_row(arm, e) for arm in e.arms],
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
            signed(arm.difference.loss.estimate),
            between(arm.difference.loss),
            arm.difference.verdict,
        )
        for arm in c.evaluation.arms
        if arm.difference
    ]
    header = ("Arm", "Change", "Interval", "Verdict")
    return [TableBlock(f"Change in {c.task.loss.words} against the baseline", header, rows)]


def _rope(e: Evaluation) -> str:
    """Write the difference that matters to nobody, and where it comes from."""
    if e.task.categorical:
        return f"{e.rope:g} (compare.rope)"
    return f"{measured(e.rope)} (compare.rope, times the target's variance)"


def _header(e: Evaluation) -> tuple[str, ...]:
    loss, second = e.task.loss.title, e.task.second_loss.title
    verdicts = ("Helps, seen alone", "Verdict, with all others")
    start = ("Arm", loss, "Change", "Interval", *verdicts, second)
    return (*start, f"{loss}, rescaled") if e.task.categorical else start


def _row(arm: Arm, e: Evaluation) -> tuple[str, ...]:
    levels: tuple[str, ...] = (fixed(arm.second_loss),)
    if e.task.categorical:
        levels += ("" if arm.recalibrated is None else fixed(arm.recalibrated),)
    if arm.difference is None:
        return (arm.title, fixed(arm.loss), "", "", "", "", *levels)
    change = arm.difference.loss
    return (
        arm.title,
        fixed(arm.loss),
        signed(change.estimate),
        between(change),
        probability(change.helps_probability),
        _verdict(arm.difference),
        *levels,
    )


def _verdict(difference: ArmDifference) -> str:
    """Give the verdict, and where it is open, what it would probably be."""
    likely = difference.loss.helps_probability
    if difference.verdict != "cannot tell yet" or LIKELY >= likely >= 1 - LIKELY:
        return difference.verdict
    return f"cannot tell yet, probably {'helps' if likely > LIKELY else 'hurts'}"


def _second_judges(e: Evaluation) -> list[str]:
    tuned, baseline = e.tuned, e.baseline
    texts = [_long_tail(e.difference, e.task.words.blunders), _by_second_loss(e)]
    if e.difference.recalibrated is not None:
        change = e.difference.recalibrated
        assert tuned.recalibrated is not None
        assert baseline.recalibrated is not None
        texts.append(
            "Less overconfident, or better? With the probabilities of both rescaled by one"
            " temperature each, which takes overconfidence away, log loss changes by"
            f" {signed(change.estimate)} ({between(change)}), from"
            f" {fixed(baseline.recalibrated)} to {fixed(tuned.recalibrated)}:"
            f" {_better_or_bolder(e.difference.loss, change)}."
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


def _by_second_loss(e: Evaluation) -> str:
    change = e.difference.second_loss
    by_loss, words = e.difference.loss, e.task.loss.words
    told = change.high < 0 or change.low > 0
    if told and (change.estimate < 0) == (by_loss.estimate < 0):
        agrees = "it points the same way, and clearly"
    elif told:
        agrees = f"it points the other way: what wins by {words} loses here"
    elif (change.estimate < 0) == (by_loss.estimate < 0):
        agrees = "it points the same way, but its interval holds 0"
    else:
        agrees = "it points the other way, but its interval holds 0"
    return (
        f"Second judge: {e.task.words.second_judge} changes by {signed(change.estimate)}"
        f" ({between(change)}), from {fixed(e.baseline.second_loss)} to"
        f" {fixed(e.tuned.second_loss)}: {agrees}."
    )


def _long_tail(difference: ArmDifference, blunders: str) -> str:
    """Say which rows the difference comes from, and what that means."""
    rows, change = difference.rows, difference.loss.estimate
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
            f"{text}. Regularization prevents a few {blunders} and costs every other row a little."
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
            f"What each part does in the mix: {e.task.loss.words} with it minus without it",
            ("Part", "Difference", "Interval", "Verdict"),
            rows,
        )
    ]


def _peers(e: Evaluation) -> list[Block]:
    rows = [
        ("Tuned network", fixed(e.tuned.loss), fixed(e.tuned.second_loss), "", "", ""),
        *(
            (
                peer.title,
                fixed(peer.loss),
                fixed(peer.second_loss),
                signed(peer.difference.estimate),
                between(peer.difference),
                _against(peer.verdict),
            )
            for peer in e.peers
        ),
    ]
    header = (
        "Model", e.task.loss.title, e.task.second_loss.title, "Tuned minus it", "Interval",
        "The tuned network is",
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
