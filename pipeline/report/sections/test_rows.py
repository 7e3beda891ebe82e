"""The registered networks on the test rows."""

from __future__ import annotations

from dataclasses import replace
from statistics import fmean

from pipeline.comparison.kinds import KINDS
from pipeline.comparison.result import Comparison
from pipeline.report.document import (
    Block,
    ChartBlock,
    HeadingBlock,
    ItemsBlock,
    StatementBlock,
    TableBlock,
    TextBlock,
)
from pipeline.report.terms import shown_techniques
from pipeline.text.numbers import (
    average,
    between,
    counted,
    fixed,
    p_value,
    percent,
    setting,
    signed,
)

# The part of a change from which the rows with the largest losses are said to carry most of it.
TAIL = 0.5
# What test rows call a difference that the evaluation calls otherwise.
UNDECIDED = {
    "makes no difference that matters": "no detectable difference",
    "cannot tell yet": "no detectable difference",
}


def about(c: Comparison) -> list[Block]:
    """Describe the data and the findings of its checks."""
    positive = f"; the positive class is {c.data.positive}" if c.data.positive else ""
    rows = sum(c.data.rows.values())
    description = TextBlock(
        f"{c.data.description}. {c.data.columns:,} columns, {rows:,} rows{positive}."
    )
    if not c.data.findings:
        return [description]
    return [description, TextBlock("What to know of the table:"), ItemsBlock(c.data.findings)]


def test_rows(c: Comparison) -> list[Block]:
    """State tuned versus baseline in one sentence, then metric by metric."""
    loss = c.task.loss
    blocks: list[Block] = [
        HeadingBlock("The registered networks on the test rows"),
        *test_answer(c),
        *(tuned_table(c) if c.evaluation else []),
        TextBlock(
            f"{c.task.words.loss_at_length}"
            f" All figures are means over {len(c.seeds)} networks of each kind, trained from the"
            f" same seeds. The {percent(c.confidence)} intervals count both rows and seeds as"
            f" samples ({c.resamples:,} resamples). Detectable is the smallest true difference that"
            " this test"
            " set would show with 80 % probability: no detectable difference does not mean equal."
            f" The verdict follows {loss.words} alone; the other metrics describe, each with an"
            " interval of its own."
        ),
    ]
    if any(not paired.measurable for paired in c.metrics.values()):
        blocks.append(
            TextBlock(
                "not measurable: every resample of these rows gives the same value, so the"
                " bootstrap cannot say how far it can be trusted."
            )
        )
    shown = c.metrics[loss.name].difference
    pair = c.registered_pair
    blocks += [
        ChartBlock(
            ("differences",),
            f"Intervals of tuned minus baseline for each metric; {loss.words}"
            f" {signed(shown.estimate)}, from {between(shown)}.",
            "Difference of tuned and baseline in each metric, with its interval, drawn so that"
            " better is to the left whether more or less of the metric is better. At the right:"
            " the baseline's value → the tuned networks'.",
        ),
        replace(metrics_table(c), folded=True, printed=True),
    ]
    if pair:
        blocks.append(
            TextBlock(
                "The two registered networks, row by row: the tuned one alone is right on"
                f" {counted(pair.only_tuned_right, 'test row')}, the baseline alone on"
                f" {pair.only_baseline_right:,} (McNemar's exact test, {_p(pair.p_value)})."
            )
        )
    return blocks


def test_answer(c: Comparison) -> list[Block]:
    """State what the test rows say, and why it may differ from the answer."""
    if c.evaluation is None:
        return []
    differs = disagreement(c)
    return [
        TextBlock(
            "Are these two networks good enough? They are judged on rows that neither the search"
            " nor the evaluation has touched; the gate decides by these rows alone."
        ),
        StatementBlock(c.test_sentence, c.test_verdict),
        *([TextBlock(differs)] if differs else []),
    ]


def disagreement(c: Comparison) -> str | None:
    """Say why the test rows differ from the evaluation in sign or verdict; None if they do not."""
    if c.evaluation is None:
        return None
    answer, here = c.evaluation.difference.loss, c.metrics[c.task.loss.name].difference
    same_sign = answer.estimate * here.estimate >= 0
    if same_sign and c.test_verdict == UNDECIDED.get(c.evaluation.verdict, c.evaluation.verdict):
        return None
    how = "say something else than" if same_sign else "point the other way than"
    tail = c.evaluation.difference.rows.tail_share
    rare = ""
    if tail is not None and tail > TAIL:
        rare = (
            ", which may hold few of the rare rows with a large loss that most of the change"
            " comes from"
        )
    return (
        f"Why these rows {how} the answer above: they are {c.data.rows['test']:,} rows of one"
        f" split{rare}, and they judge networks of one search, whereas the answer rests on"
        f" {c.evaluation.rows:,} rows and {len(c.evaluation.folds)} searches."
    )


def tuned_table(c: Comparison) -> list[Block]:
    """Tabulate the regularization and the training of both kinds."""
    rows, shown = [], shown_techniques(c)
    for kind in KINDS:
        candidate = getattr(c, kind)
        values = candidate.regularization
        rows.append(
            (
                kind.capitalize(),
                *(setting(getattr(values, technique.name)) for technique in shown),
                average(fmean(candidate.epochs)),
                str(candidate.registered_seed),
            )
        )
    titles = (technique.value_title for technique in shown)
    header = ("Kind", *titles, "Epochs, mean", "Registered seed")
    same = "; it is the baseline itself, so both kinds are the same network"
    return [
        TextBlock(
            f"Trial {c.best_trial} of {c.trials} has the lowest cross-validated {c.task.loss.words}"
            f"{same if c.best_trial == 0 else ''}."
        ),
        TableBlock("Values and training of both kinds", header, rows),
    ]


def metrics_table(c: Comparison) -> TableBlock:
    """Tabulate every metric of both kinds on the test rows."""
    rows = []
    for name, paired in c.metrics.items():
        metric = c.task.metric(name)
        sure = paired.measurable
        rows.append(
            (
                f"{metric.title} ({metric.better} is better)",
                fixed(paired.tuned.estimate),
                fixed(paired.baseline.estimate),
                signed(paired.difference.estimate),
                between(paired.difference) if sure else "not measurable",
                fixed(paired.detectable) if sure else "not measurable",
            )
        )
    header = ("Metric", "Tuned", "Baseline", "Difference", "Interval", "Detectable")
    return TableBlock(
        f"Metrics on {c.data.rows['test']:,} test rows of {c.data.name}", header, rows
    )


def _p(value: float) -> str:
    text = p_value(value)
    return f"p {text}" if text.startswith("<") else f"p = {text}"
