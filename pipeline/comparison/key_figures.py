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
    loss = c.task.loss.name
    if c.evaluation:
        change = c.evaluation.difference.loss
        figures[f"evaluation_{loss}_difference"] = change.estimate
        figures[f"evaluation_{loss}_difference_low"] = change.low
        figures[f"evaluation_{loss}_difference_high"] = change.high
        figures["evaluation_helps_probability"] = change.helps_probability
    paired = c.metrics[loss]
    figures[f"{loss}_tuned"] = paired.tuned.estimate
    figures[f"{loss}_baseline"] = paired.baseline.estimate
    figures[f"{loss}_difference"] = paired.difference.estimate
    figures[f"{loss}_difference_low"] = paired.difference.low
    figures[f"{loss}_difference_high"] = paired.difference.high
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
            c.task.loss.name: row.loss,
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
    if c.registered_pair:
        figures["mcnemar_p"] = c.registered_pair.p_value
    if c.quality and c.quality.number:
        figures["interval_coverage"] = c.quality.number.coverage.covered.estimate
        figures["interval_width"] = c.quality.number.coverage.width
    loss = c.task.loss.name
    figures[f"{loss}_detectable"] = c.metrics[loss].detectable
    return pd.DataFrame(figures.items(), columns=["figure", "value"])
