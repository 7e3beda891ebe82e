"""The first screen: the answer, its picture, three figures, and what the words mean."""

from __future__ import annotations

from pipeline.comparison.result import Comparison
from pipeline.config.sections.regularization import OFF, Regularization
from pipeline.evaluation.answer import rows_wanted
from pipeline.evaluation.result import Evaluation
from pipeline.regularizers import TECHNIQUES
from pipeline.report.document import (
    Block,
    ChartBlock,
    FiguresBlock,
    KeyFigure,
    StatementBlock,
    TextBlock,
)
from pipeline.text.numbers import (
    listed,
    percent,
    probability,
    rough_percent,
    setting,
    short,
    short_between,
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
    change = e.difference.log_loss
    wanted = e.difference.rows_to_tell
    needed = f"{e.rows:,} / {wanted:,}" if e.verdict == "cannot tell yet" and wanted else ""
    return (
        KeyFigure(
            "Expected change in log loss",
            short(change.estimate, sign=True),
            f"{rough_percent(change.estimate, e.baseline.log_loss)} of the baseline's"
            f" {short(e.baseline.log_loss)}; {percent(e.confidence, 0)} interval"
            f" {short_between(change)}",
        ),
        KeyFigure(
            "Probability that it helps",
            probability(change.helps_probability),
            "that the true change is below 0",
        ),
        KeyFigure(
            "Rows used / rows needed" if needed else "Rows used",
            needed or f"{e.rows:,}",
            rows_wanted(e) if e.verdict == "cannot tell yet" else "enough for this answer",
        ),
    )


def _chart(e: Evaluation) -> ChartBlock:
    arms = [(arm.title, arm.difference.log_loss) for arm in e.arms if arm.difference]
    shown = "; ".join(
        f"{title} {short(change.estimate, sign=True)} ({short_between(change)})"
        for title, change in arms
    )
    return ChartBlock(
        "arms",
        f"Change in log loss against the baseline, with intervals: {shown}.",
        "Change in log loss on new rows against the baseline: estimate and interval of the tuned"
        " mix, of each technique alone, and of the mix without each part. Point at a mark for its"
        f" figures. The interval of the tuned mix holds with {percent(e.confidence, 0)} confidence,"
        " those of all the others hold together with as much, so they are wider.",
    )


def _estimated(e: Evaluation) -> str:
    bound = (
        f" Of {e.available:,} rows, {e.rows:,} are used (evaluate.rows)."
        if e.available > e.rows
        else ""
    )
    return (
        "What is estimated: the expected change in log loss on a new row of this population when"
        " the tuned procedure, search included, replaces the baseline, over training sets of about"
        f" {e.training_rows:,} rows. Each of the {e.rows:,} rows is scored by {e.networks} networks"
        f" of each kind, none of which, nor their search, ever saw it.{bound}"
    )


def _terms(c: Comparison) -> str:
    """Define tuned, mix, baseline, none and log loss, where they first stand."""
    techniques = listed([technique.words for technique in TECHNIQUES])
    baseline = c.baseline.regularization
    plain = (
        "without any regularization (none)"
        if baseline == OFF
        else f"with {settings(baseline)}; none is the network without any regularization"
    )
    return (
        f"Tuned is the network with the mix of {techniques} that a search found best; baseline is"
        f" the same network {plain}. Log loss says how wrong the stated probabilities are: 0 is"
        " perfect, lower is better."
    )


def settings(regularization: Regularization) -> str:
    """Name the techniques that are on, with their strengths."""
    strengths = ((t, getattr(regularization, t.name)) for t in TECHNIQUES)
    on = [f"{t.value_words} {setting(value)}" for t, value in strengths if not t.is_off(value)]
    return ", ".join(on) or "nothing"


def _test_figures(c: Comparison) -> tuple[KeyFigure, ...]:
    paired = c.metrics["log_loss"]
    change = paired.difference
    return (
        KeyFigure(
            "Change in log loss",
            short(change.estimate, sign=True),
            f"from {short(paired.baseline.estimate)}; {percent(c.confidence, 0)} interval"
            f" {short_between(change)}",
        ),
        KeyFigure(
            "Would have shown",
            short(paired.detectable),
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
