"""The first screen: the answer, its picture, three figures, and what the words mean."""

from __future__ import annotations

from math import sqrt

from pipeline.comparison.result import Comparison
from pipeline.config.sections.regularization import OFF
from pipeline.evaluation.answer import rows_wanted
from pipeline.evaluation.result import Evaluation
from pipeline.report.document import (
    Block,
    ChartBlock,
    FiguresBlock,
    KeyFigure,
    StatementBlock,
    TextBlock,
)
from pipeline.report.terms import settings, shown_techniques
from pipeline.text.numbers import (
    between,
    fixed,
    listed,
    percent,
    probability,
    rough_percent,
    signed,
)


def title(c: Comparison) -> str:
    """Return the question that the report answers."""
    return f"Does regularization help on {c.data.name}?"


def answer(c: Comparison) -> list[Block]:
    """Answer the question of the title, from the evaluation if there is any."""
    blocks: list[Block] = [StatementBlock(c.sentence, c.verdict), TextBlock(_terms(c))]
    if c.evaluation is None:
        return [*blocks, FiguresBlock(_test_figures(c)), TextBlock(_not_evaluated(c))]
    e = c.evaluation
    return [*blocks, FiguresBlock(key_figures(e)), _chart(e), TextBlock(_estimated(e))]


def last_lines(c: Comparison) -> list[str]:
    """Return what a terminal shows last: the three figures, then the question and the answer."""
    figures = key_figures(c.evaluation) if c.evaluation else _test_figures(c)
    lines = [f"{figure.title}: {figure.value} ({figure.note})" for figure in figures]
    return [*lines, f"{title(c)} {c.sentence}"]


def key_figures(e: Evaluation) -> tuple[KeyFigure, ...]:
    """Return the three figures that stand beside the answer."""
    change, words = e.difference.loss, e.task.loss.words
    wanted = e.difference.rows_to_tell
    open_still = e.verdict == "cannot tell yet"
    needed = f"{e.rows:,} / {wanted:,}" if open_still and wanted else ""
    return (
        KeyFigure(
            f"Expected change in {words}",
            signed(change.estimate),
            f"{rough_percent(change.estimate, e.baseline.loss)} of the baseline's"
            f" {fixed(e.baseline.loss)}; {percent(e.confidence, 0)} interval"
            f" {between(change)}{_root(e)}",
        ),
        KeyFigure(
            "Probability that it helps",
            probability(change.helps_probability),
            "that the true change is below 0"
            + ("; a verdict needs all of the interval on one side of 0" if open_still else ""),
        ),
        KeyFigure(
            "Rows used / rows needed" if needed else "Rows used",
            needed or f"{e.rows:,}",
            rows_wanted(e) if open_still else "enough for this answer",
        ),
    )


def _root(e: Evaluation) -> str:
    """Say the change in the target's own units, where the loss has their square."""
    if e.task.root is None:
        return ""
    baseline, tuned = (fixed(sqrt(arm.loss)) for arm in (e.baseline, e.tuned))
    return f"; {e.task.root.title} from {baseline} to {tuned}"


def _chart(e: Evaluation) -> ChartBlock:
    words = e.task.loss.words
    arms = [(arm.title, arm.difference.loss) for arm in e.arms if arm.difference]
    shown = "; ".join(
        f"{title} {signed(change.estimate)} ({between(change)})" for title, change in arms
    )
    mean = f" of the mean of {e.ensemble.networks} of its networks," if e.ensemble else ""
    return ChartBlock(
        ("arms",),
        f"Change in {words} against the baseline, with intervals: {shown}.",
        f"Change in {words} on new rows against the baseline: estimate and interval of the tuned"
        f" mix,{mean} of each technique alone, and of the mix without each part. Point at a mark"
        " for its figures. The interval of the tuned mix holds with"
        f" {percent(e.confidence, 0)} confidence, those of all the others hold together with as"
        " much, so they are wider.",
    )


def _estimated(e: Evaluation) -> str:
    bound = (
        f" Of {e.available:,} rows, {e.rows:,} are used (evaluate.rows)."
        if e.available > e.rows
        else ""
    )
    return (
        f"What is estimated: the expected change in {e.task.loss.words} on a new row of this"
        " population when the tuned procedure, search included, replaces the baseline, over"
        f" training sets of about {e.training_rows:,} rows. Each of the {e.rows:,} rows is scored"
        f" by {e.networks} networks of each kind, none of which, nor their search, ever saw it."
        f"{bound}"
    )


def _terms(c: Comparison) -> str:
    """Define tuned, mix, baseline and the loss, where they first stand."""
    techniques = listed([technique.words for technique in shown_techniques(c)])
    baseline = c.baseline.regularization
    plain = "without any regularization" if baseline == OFF else f"with {settings(baseline)}"
    return (
        f"The tuned network has the mix of {techniques} that a search found best (the tuned mix);"
        f" the baseline is the same network {plain}. {c.task.words.loss_means}"
    )


def _test_figures(c: Comparison) -> tuple[KeyFigure, ...]:
    paired = c.metrics[c.task.loss.name]
    change = paired.difference
    return (
        KeyFigure(
            f"Change in {c.task.loss.words}",
            signed(change.estimate),
            f"from {fixed(paired.baseline.estimate)}; {percent(c.confidence, 0)} interval"
            f" {between(change)}",
        ),
        KeyFigure(
            "Would have shown",
            fixed(paired.detectable),
            "the smallest true change that these rows show with 80 % probability",
        ),
        KeyFigure("Test rows", f"{c.data.rows['test']:,}", "of one split"),
    )


def _not_evaluated(c: Comparison) -> str:
    return (
        f"The procedure was not evaluated (evaluate.folds is 0), so this answer is that of"
        f" {c.data.rows['test']:,} test rows of one split, and another split.seed may give another."
        " Set evaluate.folds to 5 for an answer from all other rows."
    )
