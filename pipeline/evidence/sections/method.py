"""Section 6: how it was done, and what it cannot say."""

from __future__ import annotations

from pipeline.evidence.comparison import Comparison
from pipeline.evidence.document import Block, Heading, Items


def method(c: Comparison) -> list[Block]:
    """Data, roles, seeds, and the command that reproduces it."""
    rows = ", ".join(f"{count} {role}" for role, count in c.data.rows.items())
    return [
        Heading("How it was done"),
        Items(
            [
                f"Rows: {rows}. A row's role is a hash of its content; val stops, folds score, test"
                " judges, once.",
                f"Study {c.study}: {c.trials} trials by cross-validation inside train, scored by"
                " log loss without penalties.",
                f"Classes, in order: {', '.join(c.data.classes)}.",
                f"Seeds: {c.seeds[0]} to {c.seeds[-1]}. Reproduce: dvc repro at this commit.",
            ]
        ),
    ]
