"""The regularizations an ablation sets side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.config.sections.network import NetworkParams
from pipeline.config.sections.regularization import OFF, Regularization, SpaceParams
from pipeline.regularizers import Place, Technique

MIX = "tuned"
BATCH_NORM = "batch_norm"


@dataclass(frozen=True)
class Variant:
    """One row of the ablation.

    flip_batch_norm: whether batch normalization is the opposite of `network.batch_norm`.
    part: the technique that it lacks, if it is the tuned mix without one.
    """

    name: str
    title: str
    regularization: Regularization
    flip_batch_norm: bool = False
    part: Technique | None = None


def acting_techniques(network: NetworkParams, space: SpaceParams) -> list[Technique]:
    """Return the techniques of the space that can act on this network: some need a layer for it.

    A builder is given the values of all, and decides where they act.
    """
    if network.builder:
        return list(space.techniques)
    acts: dict[Place, bool] = {
        "activations": any(layer.dropout for layer in network.layers),
        "kernels": network.penalize_output or any(layer.penalty for layer in network.layers),
    }
    return [technique for technique in space.techniques if acts.get(technique.place, True)]


def grid(technique: Technique, space: SpaceParams, points: int) -> list[float]:
    """Return values along a technique's search range, evenly spaced as the sampler draws.

    A value that switches the technique off is left out. Numbers of epochs are whole.
    """
    limits = getattr(space, technique.name)
    low, high = float(limits.low), float(limits.high)
    steps = [n / (points - 1) if points > 1 else 0.5 for n in range(points)]
    if getattr(limits, "log", False):
        values = [low * (high / low) ** step for step in steps]
    else:
        values = [low + (high - low) * step for step in steps]
    if technique.range == "epochs":
        values = [float(round(value)) for value in values]
    else:
        # Rounded, so that the ends are as params.yaml has them and the others are easy to read.
        values = [float(f"{value:.3g}") for value in values]
    return [value for value in dict.fromkeys(values) if not technique.is_off(value)]


def with_strength(
    base: Regularization, technique: Technique, value: float | None
) -> Regularization:
    """Return the regularization with one technique at this value."""
    whole = int(value) if technique.range == "epochs" and value is not None else value
    return base.model_copy(update={technique.name: whole})


def ablation_variants(
    tuned: Regularization,
    alone: Mapping[str, float],
    network: NetworkParams,
    space: SpaceParams,
) -> list[Variant]:
    """Return all variants: none, each technique alone, and the mix, whole and without each part.

    alone: strength of each technique when it acts alone, by name. Elastic net takes half of either
    penalty's, so that it is a mixture of the two and not their sum. Techniques that cannot act on
    the network, and those that the tuned mix has switched off, have no row.
    """
    acting = acting_techniques(network, space)

    def lone(stopping: bool) -> list[Variant]:
        return [
            Variant(
                technique.name,
                technique.title,
                with_strength(OFF, technique, alone[technique.name]),
            )
            for technique in acting
            if technique.name in alone and (technique.place == "stopping") is stopping
        ]

    rows = [Variant("none", "No regularization", OFF), *lone(stopping=False)]
    if {"l1", "l2"} <= {technique.name for technique in acting} & set(alone):
        halves = OFF.model_copy(update={"l1": alone["l1"] / 2, "l2": alone["l2"] / 2})
        rows.append(Variant("elastic_net", "Elastic net (half L1, half L2)", halves))
    rows += lone(stopping=True)
    # What a builder builds has batch normalization or not, whatever the parameters say.
    if network.builder is None:
        without = "No batch" if network.batch_norm else "Batch"
        rows.append(Variant(BATCH_NORM, f"{without} normalization", OFF, flip_batch_norm=True))
    rows.append(Variant(MIX, "Tuned mix", tuned))
    active = [
        technique for technique in acting if not technique.is_off(getattr(tuned, technique.name))
    ]
    if len(active) > 1:
        rows += [
            Variant(
                f"tuned_without_{technique.name}",
                f"Tuned mix without {technique.words}",
                with_strength(tuned, technique, technique.off),
                part=technique,
            )
            for technique in active
        ]
    return rows
