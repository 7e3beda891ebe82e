"""The answer of an evaluation, in a sentence for people who know no statistics."""

from __future__ import annotations

from pipeline.evaluation.result import Arm, Evaluation
from pipeline.regularizers import BY_NAME
from pipeline.text.numbers import percent, rough_percent

ELASTIC_NET = "elastic_net"
# The part of the mix's gain from which a technique alone is said to do most of it.
MOST = 0.5


def answer(evaluation: Evaluation) -> str:
    """Answer whether regularization helps, and say how much or what is missing to tell."""
    difference, loss = evaluation.difference.loss, evaluation.baseline.loss
    words = evaluation.task.loss.words
    if evaluation.verdict == "helps":
        return (
            f"Yes: with the tuned settings expect {rough_percent(-difference.estimate, loss)} less"
            f" {words} on new rows; {_credit(evaluation)}."
        )
    if evaluation.verdict == "hurts":
        return (
            f"No: with the tuned settings expect {rough_percent(difference.estimate, loss)} more"
            f" {words} on new rows than with the baseline."
        )
    if evaluation.verdict == "makes no difference that matters":
        return (
            f"It makes no difference that matters: with the tuned settings the {words} of new rows"
            f" changes by less than {evaluation.rope:g}, one way or the other."
        )
    # An interval may reach further down, but no loss falls below 0.
    fall, rise = (rough_percent(end, loss) for end in (min(-difference.low, loss), difference.high))
    return (
        f"Cannot tell yet: with the tuned settings the {words} of new rows may fall by up to"
        f" {fall} or rise by up to {rise}; {rows_wanted(evaluation)}."
    )


def rows_wanted(evaluation: Evaluation) -> str:
    """Say how many rows would settle the verdict, as the clause of a sentence."""
    rows, wanted = evaluation.rows, evaluation.difference.rows_to_tell
    if wanted is None:
        return "no number of rows would settle it"
    if wanted <= rows:
        return f"a few more rows than these {rows:,} would settle it"
    clause = f"about {wanted:,} rows would settle it"
    if evaluation.available > rows:
        return f"{clause}, and {evaluation.available:,} are there (evaluate.rows is {rows:,})"
    return clause


def lone_arms(evaluation: Evaluation) -> list[Arm]:
    """Return the arms that are techniques of the mix, each alone, and elastic net."""
    return [arm for arm in evaluation.arms if arm.name in BY_NAME or arm.name == ELASTIC_NET]


def arm_words(arm: Arm) -> str:
    """Name an arm that is a technique alone within a sentence."""
    return "elastic net" if arm.name == ELASTIC_NET else BY_NAME[arm.name].words


def _credit(evaluation: Evaluation) -> str:
    """Say which technique alone does how much of what the mix does."""
    changes = {
        arm.name: arm.difference.loss.estimate / evaluation.difference.loss.estimate
        for arm in lone_arms(evaluation)
        if arm.difference and arm.difference.verdict == "helps"
    }
    if not changes:
        return "which part of them does it cannot be told yet"
    best = max(lone_arms(evaluation), key=lambda arm: changes.get(arm.name, 0.0))
    share = changes[best.name]
    if share >= 1:
        return f"{arm_words(best)} alone does as much"
    if share >= MOST:
        return f"{arm_words(best)} alone does most of it"
    return f"{arm_words(best)} alone does {percent(share, 0)} of it, and no technique does more"
