"""The figures that runs are sorted and compared by."""

from __future__ import annotations

from pipeline.comparison.result import Comparison


def key_figures(c: Comparison) -> dict[str, float]:
    """Return the figures of all parts that are there, under names fit for MLflow."""
    figures: dict[str, float] = {}
    if c.evaluation:
        change = c.evaluation.difference.log_loss
        figures["evaluation_log_loss_difference"] = change.estimate
        figures["evaluation_log_loss_difference_low"] = change.low
        figures["evaluation_log_loss_difference_high"] = change.high
        figures["evaluation_helps_probability"] = change.helps_probability
    if c.ablation:
        for row in c.ablation.rows:
            figures[f"ablation_{row.name}_log_loss"] = row.log_loss
            figures[f"ablation_{row.name}_gap"] = row.gap
            if row.difference and row.p_holm is not None:
                figures[f"ablation_{row.name}_difference"] = row.difference.estimate
                figures[f"ablation_{row.name}_p_holm"] = row.p_holm
        for part in c.ablation.parts:
            figures[f"mix_part_{part.name}_difference"] = part.difference.estimate
            figures[f"mix_part_{part.name}_p_holm"] = part.p_holm
    if c.decomposition:
        for kind in ("best", "baseline"):
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
    return figures
