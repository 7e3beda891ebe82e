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
    difference = evaluation.difference.log_loss
    return {
        "verdict": evaluation.verdict,
        "difference": {
            "log_loss": round(difference.estimate, DIGITS),
            "low": round(difference.low, DIGITS),
            "high": round(difference.high, DIGITS),
            "helps_probability": round(difference.helps_probability, DIGITS),
        },
        **{
            arm.name: {"log_loss": round(arm.log_loss, DIGITS), "brier": round(arm.brier, DIGITS)}
            for arm in (evaluation.baseline, evaluation.tuned)
        },
    }


def sentence(evaluation: Evaluation) -> str:
    """Return the verdict in one sentence, with the figures it rests on."""
    difference = evaluation.difference.log_loss
    return (
        f"Regularization {evaluation.verdict}: over {evaluation.rows} rows,"
        f" each scored by networks that never saw it, the tuned procedure changes log loss from"
        f" {evaluation.baseline.log_loss:.3f} by {signed(difference.estimate, 3)}"
        f" ({100 * evaluation.confidence:g} % interval {between(difference, 3)}; probability that"
        f" it helps {difference.helps_probability:.2f})."
    )
