"""Say what else judges the tuned mix: which rows, a second loss, confidence, several networks."""

from __future__ import annotations

from pipeline.evaluation.result import ArmDifference, EnsembleGain, Evaluation
from pipeline.report.sections.test_rows import TAIL
from pipeline.statistics.intervals import Interval
from pipeline.text.numbers import between, fixed, percent, signed


def second_judges(e: Evaluation) -> list[str]:
    """Return a sentence or two from each judge besides the loss itself."""
    tuned, baseline = e.tuned, e.baseline
    texts = [_long_tail(e.difference, e.task.words.blunders), _by_second_loss(e)]
    if e.ensemble:
        texts.append(_ensemble(e.ensemble, e))
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


def _ensemble(gain: EnsembleGain, e: Evaluation) -> str:
    """Say what several networks buy over one."""
    change = gain.difference
    says = {
        "helps": "averaging helps",
        "hurts": "averaging hurts",
        "makes no difference that matters": "averaging makes no difference that matters",
    }.get(gain.verdict, "these rows cannot tell whether averaging helps")
    return (
        f"What {gain.networks} networks buy over 1: with the mean of what {gain.networks} tuned"
        f" networks predict, {e.task.loss.words} changes by {signed(change.estimate)}"
        f" ({between(change)}) against the same networks one by one, whose mean is"
        f" {fixed(e.tuned.loss)}: {says}."
    )


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
