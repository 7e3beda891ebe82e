"""Section 5: how good the model is."""

from __future__ import annotations

import numpy as np

from pipeline.evidence.comparison import Comparison
from pipeline.evidence.document import Block, Heading, Picture, Text
from pipeline.evidence.kinds import KIND_TITLES, KINDS
from pipeline.evidence.wording import fixed


def quality(c: Comparison) -> list[Block]:
    """Curves and tables of the registered networks."""

    def errors(kind: str) -> str:
        counts = np.array(getattr(c, kind).confusion)
        wrong = f"{counts.sum() - counts.trace()} of {counts.sum()}"
        return f"{KIND_TITLES[kind]} {wrong} rows wrong"  # type: ignore[index]

    def area(metric: str) -> str:
        return ", ".join(
            f"{KIND_TITLES[kind]} {fixed(getattr(c, kind).test[metric])}" for kind in KINDS
        )

    matrices = ", ".join(errors(kind) for kind in KINDS)
    return [
        Heading("How good is the model"),
        Text(
            "Of each kind, the network is registered whose val loss is the median of its seeds:"
            " typical, not lucky."
        ),
        Picture(
            "roc",
            f"ROC curves of the registered networks; area: {area('roc_auc')}.",
            f"ROC on test: {area('roc_auc')}.",
        ),
        Picture(
            "pr",
            f"Precision-recall curves of the registered networks; area: {area('pr_auc')}.",
            f"Precision and recall on test, average precision: {area('pr_auc')}.",
        ),
        Picture(
            "confusion",
            f"Confusion matrices: {matrices}.",
            f"Test rows by actual class and most probable class: {matrices}.",
        ),
    ]
