"""The few figures of an evaluation that are shown first."""

from __future__ import annotations

from pipeline.evaluation.result import Evaluation
from pipeline.text.numbers import between, signed

# Of the figures in metrics/: more are noise, and make dvc metrics hard to read.
DIGITS = 6


def figures(evaluation: Evaluation | None) -> dict[str, object]:
    """Return what `dvc metrics` shows and compares; all else is in the result itself."""
    if evaluation is None:
        return {"verdict": "not evaluated"}
    difference, task = evaluation.difference.loss, evaluation.task
    return {
        "verdict": evaluation.verdict,
        "difference": {
            task.loss.name: round(difference.estimate, DIGITS),
            "low": round(difference.low, DIGITS),
            "high": round(difference.high, DIGITS),
            "helps_probability": round(difference.helps_probability, DIGITS),
        },
        **{
            arm.name: {
                task.loss.name: round(arm.loss, DIGITS),
                task.second_loss.name: round(arm.second_loss, DIGITS),
            }
            for arm in (evaluation.baseline, evaluation.tuned)
        },
    }


def sentence(evaluation: Evaluation) -> str:
    """Return the verdict in one sentence, with the figures it rests on."""
    difference = evaluation.difference.loss
    more = ""
    answer = f"Regularization {evaluation.verdict}"
    if evaluation.verdict == "cannot tell yet":
        answer = "These rows cannot tell yet whether regularization helps"
        if evaluation.difference.rows_to_tell:
            more = f"; about {evaluation.difference.rows_to_tell} rows would"
    level = f"{100 * evaluation.confidence:g} % interval {between(difference, 3)}"
    return (
        f"{answer}: over {evaluation.rows} rows, each scored by networks that never saw it, the"
        f" tuned procedure changes {evaluation.task.loss.words} from"
        f" {evaluation.baseline.loss:.3f} by {signed(difference.estimate, 3)} ({level};"
        f" probability that it helps"
        f" {_probability(difference.helps_probability)}){more}."
    )


def _probability(value: float) -> str:
    """Return a probability with two digits, and none as a certainty."""
    if value > 0.99:
        return "above 0.99"
    return "below 0.01" if value < 0.01 else f"{value:.2f}"
