"""The figures that runs are sorted and compared by."""

from __future__ import annotations

from pipeline.comparison.result import Comparison


def key_figures(c: Comparison) -> dict[str, float]:
    """Of the parts that are there: name and value, names fit for MLflow."""
    found: dict[str, float] = {}
    if c.ablation:
        for row in c.ablation.rows:
            found[f"ablation_{row.name}_log_loss"] = row.log_loss
            found[f"ablation_{row.name}_gap"] = row.gap
            if row.difference and row.p_holm is not None:
                found[f"ablation_{row.name}_difference"] = row.difference.estimate
                found[f"ablation_{row.name}_p_holm"] = row.p_holm
        for part in c.ablation.parts:
            found[f"mix_part_{part.name}_difference"] = part.difference.estimate
            found[f"mix_part_{part.name}_p_holm"] = part.p_holm
    if c.decomposition:
        for kind in ("best", "baseline"):
            parts = getattr(c.decomposition, kind)
            found |= {f"{kind}_bias": parts.bias, f"{kind}_variance": parts.variance}
        found["bias_difference"] = c.decomposition.bias_difference.estimate
        found["variance_difference"] = c.decomposition.variance_difference.estimate
    if c.reference:
        found["reference_without_dropout"] = c.reference.without_spread.mean
        found["reference_with_dropout"] = c.reference.with_spread.mean
        found["reference_difference"] = c.reference.difference.estimate
        if c.reference.as_large is not None:
            found["reference_as_large"] = c.reference.as_large
    for one in c.weights:
        found[f"weights_{one.name}_near_zero"] = one.below
    found["mcnemar_p"] = c.registered_pair.p_value
    found["log_loss_detectable"] = c.metrics["log_loss"].detectable
    return found
