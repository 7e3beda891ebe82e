"""The table of regularization techniques, one record each; whatever lists them iterates over it.

A technique is a key of `search.space` and `baseline` in `params.yaml`, a column of the trial table,
a parameter of an MLflow run and a row of the ablation. `CONTRIBUTING.md` says how to add one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# What kind of number a technique's strength is, and so which range of it can be searched.
RangeKind = Literal["rate", "strength", "epochs"]
# Where a technique acts in training: on the outputs of hidden layers, on kernels, or on the time at
# which a fit stops.
Place = Literal["activations", "kernels", "stopping"]


@dataclass(frozen=True)
class Technique:
    """One technique.

    title: its name in tables and figures. words: its name within a sentence. value_title: what its
    value is called in the head of a table, and value_words before the value in a list. off: the
    value that switches it off; None where that is no number.
    """

    name: str
    title: str
    words: str
    value_title: str
    value_words: str
    range: RangeKind
    place: Place
    off: float | None

    def is_off(self, value: float | None) -> bool:
        """Say whether this value switches the technique off."""
        return value == self.off


TECHNIQUES = (
    Technique(
        name="dropout",
        title="Dropout",
        words="dropout",
        value_title="Dropout rate",
        value_words="dropout",
        range="rate",
        place="activations",
        off=0.0,
    ),
    Technique(
        name="l1",
        title="L1",
        words="L1",
        value_title="L1",
        value_words="L1",
        range="strength",
        place="kernels",
        off=0.0,
    ),
    Technique(
        name="l2",
        title="L2",
        words="L2",
        value_title="L2",
        value_words="L2",
        range="strength",
        place="kernels",
        off=0.0,
    ),
    Technique(
        name="patience",
        title="Early stopping",
        words="early stopping",
        value_title="Patience",
        value_words="patience",
        range="epochs",
        place="stopping",
        off=None,
    ),
)
BY_NAME = {technique.name: technique for technique in TECHNIQUES}
