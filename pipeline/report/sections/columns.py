"""The columns that the networks depend on, and slices of the test rows by them."""

from __future__ import annotations

from pipeline.comparison.assessment import Quality
from pipeline.comparison.importance import Slice
from pipeline.comparison.result import Comparison
from pipeline.report.document import Block, ChartBlock, TableBlock, TextBlock
from pipeline.statistics.intervals import Interval
from pipeline.tasks.task import Task
from pipeline.text.numbers import between, bounds, fixed, signed


def columns(c: Comparison) -> list[Block]:
    """Report permutation importance, and how the networks do in slices by the first columns."""
    if not c.quality:
        return []
    return [*_importance(c.quality, c.task.loss.words), *_slices(c.quality.slices, c.task)]


def _importance(q: Quality, loss: str) -> list[Block]:
    if not q.importance:
        return []
    first = q.importance[0]
    rows = [
        (column.column, signed(column.rise.estimate), between(column.rise))
        for column in q.importance
    ]
    return [
        ChartBlock(
            ("columns",),
            f"Permutation importance of raw columns; first {first.column} with"
            f" {signed(first.rise.estimate)}.",
            f"Which columns the tuned networks rely on: the rise in {loss} when a column's values"
            " are shuffled among the test rows. Of columns that say the same, each looks less"
            " important than it is.",
        ),
        TableBlock(
            "Permutation importance of raw columns",
            ("Column", f"Rise in {loss}", "Interval"),
            rows,
            folded=True,
        ),
    ]


def _slices(parts: tuple[Slice, ...], task: Task) -> list[Block]:
    if not parts:
        return []
    judged = ("Accuracy", task.loss.title) if task.categorical else ("RMSE",)
    rows = [(f"{part.column}: {part.level}", f"{part.rows:,}", *_figures(part)) for part in parts]
    return [
        TableBlock(
            "Slices of the test rows by the most telling columns, tuned networks of all seeds",
            ("Slice", "Rows", *(f"{title} (interval)" for title in judged)),
            rows,
        ),
        TextBlock(
            "Intervals of slices and columns are each alone, not corrected for their number: they"
            " say where to look, and prove nothing."
        ),
    ]


def _figures(part: Slice) -> tuple[str, ...]:
    """Write a slice's accuracy and loss or, where a number is predicted, its RMSE."""
    if part.accuracy is None:
        loss = part.loss
        root = Interval(loss.estimate**0.5, loss.low**0.5, loss.high**0.5)
        return (_with_interval(root, part.rows),)
    accuracy = f"{fixed(part.accuracy.estimate)} ({bounds(part.accuracy)})"
    return accuracy, _with_interval(part.loss, part.rows)


def _with_interval(figure: Interval, rows: int) -> str:
    """Write a figure with its interval, which a single row has not."""
    text = fixed(figure.estimate)
    return f"{text} ({bounds(figure)})" if rows > 1 else text
