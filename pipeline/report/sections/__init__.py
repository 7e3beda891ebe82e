"""The sections of the report, in the order in which a reader asks.

Each is a function of the comparison alone, so whatever a section says is in the JSON.
"""

from __future__ import annotations

from pipeline.comparison.result import Comparison
from pipeline.report.document import Block
from pipeline.report.sections.explanation import why
from pipeline.report.sections.method import method
from pipeline.report.sections.performance import quality
from pipeline.report.sections.published_run import published_run
from pipeline.report.sections.techniques import techniques
from pipeline.report.sections.verdicts import about, tuned_table, verdicts


def title(comparison: Comparison) -> str:
    """Return the question that the report answers."""
    return f"Does regularization help on {comparison.data.name}?"


def report(comparison: Comparison) -> list[Block]:
    """Return all sections."""
    return [
        *about(comparison),
        *verdicts(comparison),
        *techniques(comparison),
        *published_run(comparison),
        *why(comparison),
        *quality(comparison),
        *method(comparison),
    ]


def summary(comparison: Comparison) -> list[Block]:
    """Return what the page of a run in MLflow shows."""
    return [*verdicts(comparison)[1:], *tuned_table(comparison)]
