"""Each verdict's sentence is plain, and says what a reader may do with it."""

from __future__ import annotations

import re

import pytest

from pipeline.evaluation.answer import answer
from pipeline.evaluation.result import Evaluation
from tests.made_evaluation import LONE, arm, compared, difference, evaluation

SPACE = "\N{NO-BREAK SPACE}"


def with_lone(changes: dict[str, float]) -> Evaluation:
    """The mix changes log loss by -0.08; each technique alone as given, by ±0.02."""
    made = evaluation(-0.08)
    lone = [arm(name, LONE[name][0], compared(value, 0.02)) for name, value in changes.items()]
    return made.model_copy(update={"arms": (*made.arms[:2], *lone)})


def test_help_is_said_with_its_size_and_what_does_it() -> None:
    assert answer(evaluation(-0.08)) == (
        f"Yes: with the tuned settings expect 40{SPACE}% less log loss on new rows; dropout alone"
        " does most of it."
    )


@pytest.mark.parametrize(
    ("changes", "credit"),
    [
        ({"dropout": -0.01, "l1": -0.005}, "which part of them does it cannot be told yet."),
        ({"dropout": -0.03, "l1": -0.025}, f"dropout alone does 38{SPACE}% of it, and no"),
        ({"dropout": -0.03, "elastic_net": -0.09}, "elastic net alone does as much."),
        # Batch normalization is no part of the mix, and neither is a mix without a part.
        ({"l1": -0.05, "batch_norm": -0.09, "tuned_without_dropout": -0.09}, "L1 alone does most"),
    ],
)
def test_credit_goes_to_the_technique_that_helps_most(
    changes: dict[str, float], credit: str
) -> None:
    assert credit in answer(with_lone(changes))


def test_harm_is_said_with_its_size() -> None:
    assert answer(evaluation(0.08)) == (
        f"No: with the tuned settings expect 40{SPACE}% more log loss on new rows than with the"
        " baseline."
    )


def test_a_difference_within_the_margin_is_said_to_be_none_that_matters() -> None:
    assert answer(evaluation(-0.001, 0.002)) == (
        "It makes no difference that matters: with the tuned settings the log loss of new rows"
        " changes by less than 0.01, one way or the other."
    )


def test_what_cannot_be_told_yet_is_said_with_the_rows_that_would_tell() -> None:
    text = answer(evaluation(-0.02))
    assert text.startswith(
        f"Cannot tell yet: with the tuned settings the log loss of new rows may fall by up to"
        f" 25{SPACE}% or rise by up to 5{SPACE}%; about "
    )
    assert re.search(r"about 1,\d00 rows would settle it\.$", text)


def test_no_loss_is_said_to_fall_below_nothing() -> None:
    text = answer(evaluation(-0.1, reach=0.9))
    assert f"may fall by up to 100{SPACE}% or rise by up to 400{SPACE}%" in text


def test_rows_that_are_there_already_are_pointed_at() -> None:
    assert "and 9,000 are there (evaluate.rows is 400)" in answer(evaluation(-0.02, available=9000))


def test_small_changes_keep_a_digit() -> None:
    made = evaluation(-0.02)
    change = difference(-0.02, 0.0204)
    mix = made.difference.model_copy(update={"loss": change, "rows_to_tell": None})
    tuned = made.tuned.model_copy(update={"difference": mix})
    arms = (made.baseline, tuned, *made.arms[2:])
    text = answer(made.model_copy(update={"arms": arms}))
    assert f"rise by up to 0.2{SPACE}%; no number of rows would settle it." in text
