"""Where tables come from: one entry per source, each giving the same thing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from pipeline.errors import InputError, did_you_mean
from pipeline.params import DataParams


@dataclass(frozen=True, eq=False)
class Table:
    """A source's rows as they are, before anything is learned from them.

    classes: labels in class-number order; of two classes, the last is the positive one.
    """

    name: str
    description: str
    frame: pd.DataFrame
    target: str
    classes: tuple[str, ...]


def load_table(data: DataParams) -> Table:
    """The table `data.source` names; `InputError` if there is no such source."""
    load = NAMED_SOURCES.get(data.source)
    if load is None:
        known = ", ".join(NAMED_SOURCES)
        hint = did_you_mean(data.source, NAMED_SOURCES) or f" Name it, e.g. {known}."
        raise InputError(
            f"params.yaml: data.source is {data.source!r}, want one of: {known}.{hint}"
        )
    return load()


def _breast_cancer() -> Table:
    from sklearn.datasets import load_breast_cancer

    bunch = load_breast_cancer(as_frame=True)
    # scikit-learn codes malignant as 0; here the class to be found is the positive one.
    labels = {0: "malignant", 1: "benign"}
    frame = bunch.data.assign(diagnosis=bunch.target.map(labels))
    return Table(
        name="breast_cancer",
        description="Wisconsin diagnostic breast cancer: 30 measurements of cell nuclei a biopsy",
        frame=frame,
        target="diagnosis",
        classes=("benign", "malignant"),
    )


NAMED_SOURCES: dict[str, Callable[[], Table]] = {"breast_cancer": _breast_cancer}
