"""The figures that runs are sorted and compared by, and those that stand in tables beside them."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from pipeline.comparison.result import Comparison
from pipeline.evaluation.tables import arms_table


def key_figures(c: Comparison) -> dict[str, float]:
    """Return the few figures that decide, under names fit for MLflow, which draws each as a chart.

    Those of the evaluation are of new rows, the others of the test rows.
    """
    figures: dict[str, float] = {}
    if c.evaluation:
        change = c.evaluation.difference.log_loss
        figures["evaluation_log_loss_difference"] = change.estimate
        figures["evaluation_log_loss_difference_low"] = change.low
        figures["evaluation_log_loss_difference_high"] = change.high
        figures["evaluation_helps_probability"] = change.helps_probability
    log_loss = c.metrics["log_loss"]
    figures["log_loss_tuned"] = log_loss.tuned.estimate
    figures["log_loss_baseline"] = log_loss.baseline.estimate
    figures["log_loss_difference"] = log_loss.difference.estimate
    figures["log_loss_difference_low"] = log_loss.difference.low
    figures["log_loss_difference_high"] = log_loss.difference.high
    return figures


def tables(c: Comparison) -> Mapping[str, pd.DataFrame]:
    """Return all other figures of the parts that are there, as tables by name."""
    named = {"metrics": _metrics(c), "further": _further(c)}
    if c.evaluation:
        return {"arms": arms_table(c.evaluation), **named}
    return {"ablation": _ablation(c), **named} if c.ablation else named


def _metrics(c: Comparison) -> pd.DataFrame:
    """Return a row for each metric on the test rows."""
    return pd.DataFrame(
        {
            "metric": name,
            "tuned": paired.tuned.estimate,
            "baseline": paired.baseline.estimate,
            "difference": paired.difference.estimate,
            "low": paired.difference.low,
            "high": paired.difference.high,
        }
        for name, paired in c.metrics.items()
    )


def _ablation(c: Comparison) -> pd.DataFrame:
    """Return a row for each technique alone, and for each part that the mix is without."""
    assert c.ablation is not None
    rows: list[dict[str, object]] = [
        {
            "arm": row.title,
            "log_loss": row.log_loss,
            "gap": row.gap,
            "difference": row.difference.estimate if row.difference else None,
            "low": row.difference.low if row.difference else None,
            "high": row.difference.high if row.difference else None,
            "p_holm": row.p_holm,
        }
        for row in c.ablation.rows
    ]
    rows += [
        {
            "arm": f"Part of the mix: {part.title}",
            "difference": part.difference.estimate,
            "low": part.difference.low,
            "high": part.difference.high,
            "p_holm": part.p_holm,
        }
        for part in c.ablation.parts
    ]
    return pd.DataFrame(rows)


def _further(c: Comparison) -> pd.DataFrame:
    """Return a row for each figure of the parts that explain."""
    figures: dict[str, float] = {}
    if c.decomposition:
        for kind in ("tuned", "baseline"):
            terms = getattr(c.decomposition, kind)
            figures |= {f"{kind}_bias": terms.bias, f"{kind}_variance": terms.variance}
        figures["bias_difference"] = c.decomposition.bias_difference.estimate
        figures["variance_difference"] = c.decomposition.variance_difference.estimate
    if c.reference:
        figures["reference_without_dropout"] = c.reference.without_spread.mean
        figures["reference_with_dropout"] = c.reference.with_spread.mean
        figures["reference_difference"] = c.reference.difference.estimate
        if c.reference.as_large is not None:
            figures["reference_as_large"] = c.reference.as_large
    for sizes in c.weights:
        figures[f"weights_{sizes.name}_near_zero"] = sizes.below
    figures["mcnemar_p"] = c.registered_pair.p_value
    figures["log_loss_detectable"] = c.metrics["log_loss"].detectable
    return pd.DataFrame(figures.items(), columns=["figure", "value"])
