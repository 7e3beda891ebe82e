"""The sections of the report, in the order in which a reader asks.

Each is a function of the comparison alone, so whatever a section says is in the JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pipeline.comparison.result import Comparison
from pipeline.report.document import Block
from pipeline.report.sections.answer import answer, last_lines, title
from pipeline.report.sections.arms import arms, short_table
from pipeline.report.sections.explanation import why
from pipeline.report.sections.method import method
from pipeline.report.sections.numbers import number_quality
from pipeline.report.sections.performance import class_quality
from pipeline.report.sections.published_run import published_run
from pipeline.report.sections.techniques import techniques
from pipeline.report.sections.test_rows import (
    about,
    metrics_table,
    test_answer,
    test_rows,
    tuned_table,
)
from pipeline.tasks.task import TaskName

# How good the model is, by what it predicts.
QUALITY: Mapping[TaskName, Callable[[Comparison], list[Block]]] = {
    "classification": class_quality,
    "regression": number_quality,
}

__all__ = ["last_lines", "report", "summary", "title"]


def report(comparison: Comparison) -> list[Block]:
    """Return all sections; the first screen stands before the first heading."""
    return [
        *answer(comparison),
        *about(comparison),
        *arms(comparison),
        *test_rows(comparison),
        *techniques(comparison),
        *published_run(comparison),
        *why(comparison),
        *QUALITY[comparison.task.name](comparison),
        *method(comparison),
    ]


def summary(comparison: Comparison) -> list[Block]:
    """Return what the page of a run in MLflow shows, in the same order."""
    return [
        *answer(comparison),
        *short_table(comparison),
        *test_answer(comparison),
        metrics_table(comparison),
        *tuned_table(comparison),
    ]
