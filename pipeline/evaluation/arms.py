"""List what is compared in each outer fold: the baseline, the tuned mix, and what explains it."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.config.sections.network import NetworkParams
from pipeline.config.sections.regularization import OFF, Regularization, SpaceParams
from pipeline.evaluation.variants import (
    MIX,
    Variant,
    ablation_variants,
    acting_techniques,
    grid,
    with_strength,
)

BASELINE, NONE = "baseline", "none"
# The mean prediction of the tuned mix's networks, where there are several in each fold.
ENSEMBLE = f"{MIX}_ensemble"
WITHOUT = f"{MIX}_without_"
__all__ = ["BASELINE", "ENSEMBLE", "MIX", "arms", "lone_strengths", "part_of"]


def lone_strengths(
    network: NetworkParams, space: SpaceParams, points: int
) -> dict[str, list[Regularization]]:
    """Return each technique alone at values along its range, by the technique's name.

    The low end, which for most techniques stands for off, is left out.
    """
    alone = {
        technique.name: [
            with_strength(OFF, technique, value)
            for value in grid(technique, space, points + 1)[-points:]
        ]
        for technique in acting_techniques(network, space)
    }
    return {name: values for name, values in alone.items() if values}


def arms(
    baseline: Regularization,
    tuned: Regularization,
    alone: Mapping[str, Regularization],
    network: NetworkParams,
    space: SpaceParams,
) -> list[Variant]:
    """Return the same arms for each outer fold, whatever its search found.

    alone: each technique at the strength that it acts alone with, by name. Where the tuned mix has
    a technique switched off, it is itself the mix without that technique. No regularization at all
    is an arm of its own if the baseline is something else.
    """
    strengths = {name: getattr(values, name) for name, values in alone.items()}
    listed = ablation_variants(tuned, strengths, network, space)
    variants = {variant.name: variant for variant in listed}
    none, mix = variants.pop(NONE), variants.pop(MIX)
    parts = []
    for technique in acting_techniques(network, space):
        name = WITHOUT + technique.name
        variants.pop(name, None)
        without = with_strength(tuned, technique, technique.off)
        title = f"Tuned mix without {technique.words}"
        parts.append(Variant(name, title, without, part=technique))
    return [
        Variant(BASELINE, "Baseline", baseline),
        mix,
        *([] if baseline == OFF else [none]),
        *variants.values(),
        *parts,
    ]


def part_of(arm: str) -> str | None:
    """Return the technique that an arm lacks, if the arm is the tuned mix without one."""
    return arm.removeprefix(WITHOUT) if arm.startswith(WITHOUT) else None
