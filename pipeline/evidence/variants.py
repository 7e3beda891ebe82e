"""The regularizations an ablation sets side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pipeline.params import NetworkParams, Regularization, SpaceParams

Part = Literal["dropout", "l1", "l2", "patience"]
PARTS: tuple[Part, ...] = ("dropout", "l1", "l2", "patience")
TITLES: Mapping[Part, str] = {
    "dropout": "Dropout",
    "l1": "L1",
    "l2": "L2",
    "patience": "Early stopping",
}
WITHIN_TEXT: Mapping[Part, str] = {"dropout": "dropout", "patience": "early stopping"}
MIX = "tuned"
OFF = Regularization(dropout=0.0, l1=0.0, l2=0.0, patience=None)


@dataclass(frozen=True)
class Variant:
    """One row of the ablation.

    flip_batch_norm: whether batch normalization is the other way round than `network.batch_norm`.
    part: which part of the tuned mix it lacks, if it is the mix without one.
    """

    name: str
    title: str
    regularization: Regularization
    flip_batch_norm: bool = False
    part: Part | None = None

    @property
    def part_title(self) -> str:
        """What the missing part is called."""
        return TITLES[self.part] if self.part else ""


def is_off(part: Part, value: float | None) -> bool:
    """Whether this value of a part does nothing."""
    return value is None if part == "patience" else value == 0


def acting_parts(network: NetworkParams) -> list[Part]:
    """Parts that can act on this network at all: dropout and penalties need a layer that has it."""
    dropped = any(layer.dropout for layer in network.layers)
    penalized = network.penalize_output or any(layer.penalty for layer in network.layers)
    acts = {"dropout": dropped, "l1": penalized, "l2": penalized, "patience": True}
    return [part for part in PARTS if acts[part]]


def grid(part: Part, space: SpaceParams, points: int) -> list[float]:
    """Values along the search range of a part, evenly spaced as the sampler draws; "off" left out.

    Patience: whole epochs.
    """
    limits = getattr(space, part)
    low, high = float(limits.low), float(limits.high)
    steps = [n / (points - 1) if points > 1 else 0.5 for n in range(points)]
    if getattr(limits, "log", False):
        values = [low * (high / low) ** step for step in steps]
    else:
        values = [low + (high - low) * step for step in steps]
    if part == "patience":
        values = [float(round(value)) for value in values]
    else:
        # The ends as they are written, and no digits that only a computer would want.
        values = [float(f"{value:.3g}") for value in values]
    return [value for value in dict.fromkeys(values) if not is_off(part, value)]


def with_part(base: Regularization, part: Part, value: float | None) -> Regularization:
    """The regularization with one part at this value."""
    whole = int(value) if part == "patience" and value is not None else value
    return base.model_copy(update={part: whole})


def ablation_variants(
    tuned: Regularization, alone: Mapping[Part, float], network: NetworkParams
) -> list[Variant]:
    """None, each technique alone, elastic net, batch normalization, the mix, and the mix less each.

    alone: strength of each part when it acts alone. Elastic net takes half of either penalty's, so
    that it is a mixture of the two and not their sum. Parts that cannot act on the network, and
    parts that the tuned mix has switched off, have no row.
    """
    acting = acting_parts(network)
    rows = [Variant("none", "None", OFF)]
    rows += [
        Variant(part, TITLES[part], with_part(OFF, part, alone[part]))
        for part in ("dropout", "l1", "l2")
        if part in acting and part in alone
    ]
    if "l1" in acting and {"l1", "l2"} <= set(alone):
        halves = OFF.model_copy(update={"l1": alone["l1"] / 2, "l2": alone["l2"] / 2})
        rows.append(Variant("elastic_net", "Elastic net (half L1, half L2)", halves))
    if "patience" in alone:
        rows.append(
            Variant("patience", TITLES["patience"], with_part(OFF, "patience", alone["patience"]))
        )
    without = "No batch" if network.batch_norm else "Batch"
    rows.append(Variant("batch_norm", f"{without} normalization", OFF, flip_batch_norm=True))
    rows.append(Variant(MIX, "Tuned mix", tuned))
    active = [part for part in acting if not is_off(part, getattr(tuned, part))]
    if len(active) > 1:
        off = {"dropout": 0.0, "l1": 0.0, "l2": 0.0, "patience": None}
        rows += [
            Variant(
                f"tuned_without_{part}",
                f"Tuned mix without {WITHIN_TEXT.get(part, TITLES[part])}",
                with_part(tuned, part, off[part]),
                part=part,
            )
            for part in active
        ]
    return rows
