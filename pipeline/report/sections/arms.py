"""Section 1: every arm of the evaluation, what its parts do, and other models beside it."""

from __future__ import annotations

from pipeline.comparison.result import Comparison
from pipeline.evaluation.result import Arm, ArmDifference, Evaluation
from pipeline.report.document import Block, HeadingBlock, ItemsBlock, TableBlock, TextBlock
from pipeline.report.sections.second_judges import second_judges
from pipeline.report.terms import root_titles, roots
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
            f" without a part.{_averaged(e)} All rows but test's, in {e.outer_folds} outer folds,"
            f" {len(e.repeats)} times over. In each outer training part everything is done anew:"
            f" preparation, search ({e.trials} trials, {e.inner_folds} inner folds), the strength"
            " of each technique alone, fitting. Elastic net takes half of either penalty's"
            f" strength. A change smaller than {_rope(e)} matters to nobody."
        ),
        ItemsBlock(second_judges(e)),
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


def _averaged(e: Evaluation) -> str:
    if e.ensemble is None:
        return ""
    return (
        f" Losses are means over {e.ensemble.networks} networks; one arm instead averages what"
        " those of the tuned mix predict."
    )


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
    start = ("Arm", loss, "Change", "Interval", *verdicts, *root_titles(e.task), second)
    return (*start, f"{loss}, rescaled") if e.task.categorical else start


def _row(arm: Arm, e: Evaluation) -> tuple[str, ...]:
    levels: tuple[str, ...] = (*roots(arm.loss, e.task), fixed(arm.second_loss))
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
        (
            "Tuned network", fixed(e.tuned.loss), *roots(e.tuned.loss, e.task),
            fixed(e.tuned.second_loss), "", "", "",
        ),
        *(
            (
                peer.title,
                fixed(peer.loss),
                *roots(peer.loss, e.task),
                fixed(peer.second_loss),
                signed(peer.difference.estimate),
                between(peer.difference),
                _against(peer.verdict),
            )
            for peer in e.peers
        ),
    ]  # fmt: skip
    header = (
        "Model", e.task.loss.title, *root_titles(e.task), e.task.second_loss.title,
        "Tuned minus it", "Interval", "The tuned network is",
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
