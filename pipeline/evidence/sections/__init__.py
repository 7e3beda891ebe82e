"""The sections of the report, in the order in which a reader asks.

Each is a function of the comparison alone, so whatever a section says is in the JSON.
"""

from __future__ import annotations

from pipeline.evidence.comparison import Comparison
from pipeline.evidence.document import Block
from pipeline.evidence.sections.method import method
from pipeline.evidence.sections.quality import quality
from pipeline.evidence.sections.reference import reference
from pipeline.evidence.sections.techniques import techniques
from pipeline.evidence.sections.verdicts import about, tuned_table, verdicts
from pipeline.evidence.sections.why import why


def title(comparison: Comparison) -> str:
    """The question."""
    return f"Does regularization help on {comparison.data.name}?"


def report(comparison: Comparison) -> list[Block]:
    """All sections."""
    return [
        *about(comparison),
        *verdicts(comparison),
        *techniques(comparison),
        *reference(comparison),
        *why(comparison),
        *quality(comparison),
        *method(comparison),
    ]


def summary(comparison: Comparison) -> list[Block]:
    """What a run's page shows."""
    return [*verdicts(comparison)[1:], *tuned_table(comparison)]
