"""The table of regularization techniques, one record each; whatever lists them iterates over it.

A technique is a key of `search.space` and `baseline` in `params.yaml`, a column of the trial table,
a parameter of an MLflow run and a row of the ablation. `CONTRIBUTING.md` says how to add one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# What kind of number a technique's strength is, and so which range of it can be searched.
RangeKind = Literal["rate", "strength", "epochs"]
# Where a technique acts in training: on the outputs of hidden layers, on kernels, on the time at
# which a fit stops, on the labels of classes, on the rows of a batch, or on the steps.
Place = Literal["activations", "kernels", "stopping", "labels", "rows", "steps"]


@dataclass(frozen=True)
class Technique:
    """One technique.

    title: its name in tables and figures. words: its name within a sentence. value_title: what its
    value is called in the head of a table, and value_words before the value in a list. off: the
    value that switches it off; None where that is no number. nearest: what a sampler takes None
    for: the high end of the range, or its middle.
    """

    name: str
    title: str
    words: str
    value_title: str
    value_words: str
    range: RangeKind
    place: Place
    off: float | None
    nearest: Literal["high", "middle"] = "high"

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
    Technique(
        name="weight_decay",
        title="Weight decay",
        words="weight decay",
        value_title="Weight decay",
        value_words="weight decay",
        range="strength",
        place="kernels",
        off=0.0,
    ),
    Technique(
        name="max_norm",
        title="Max-norm",
        words="max-norm",
        value_title="Largest norm",
        value_words="max-norm",
        range="strength",
        place="kernels",
        off=None,
    ),
    Technique(
        name="label_smoothing",
        title="Label smoothing",
        words="label smoothing",
        value_title="Label smoothing",
        value_words="label smoothing",
        range="rate",
        place="labels",
        off=0.0,
    ),
    Technique(
        name="mixup",
        title="Mixup",
        words="mixup",
        value_title="Mixup alpha",
        value_words="mixup",
        range="strength",
        place="rows",
        off=0.0,
    ),
    Technique(
        name="input_noise",
        title="Input noise",
        words="input noise",
        value_title="Input noise",
        value_words="input noise",
        range="strength",
        place="rows",
        off=0.0,
    ),
    Technique(
        name="averaging",
        title="Weight averaging",
        words="weight averaging",
        value_title="Averaging momentum",
        value_words="averaging",
        range="rate",
        place="steps",
        off=0.0,
    ),
    Technique(
        name="learning_rate",
        title="Learning rate",
        words="the learning rate",
        value_title="Learning rate",
        value_words="learning rate",
        range="strength",
        place="steps",
        off=None,
        nearest="middle",
    ),
)
# Those that a user's own network can have: it is given their values, or its trainer sees to them.
BY_BUILDER = frozenset(
    {"dropout", "l1", "l2", "patience", "max_norm", "input_noise", "learning_rate"}
)
BY_NAME = {technique.name: technique for technique in TECHNIQUES}
