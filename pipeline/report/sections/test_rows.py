"""The registered networks on the test rows, and one sentence for each further question."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.comparison.ablation import Ablation
from pipeline.comparison.decomposition import Decomposition
from pipeline.comparison.kinds import KINDS
from pipeline.comparison.published import RepeatedRun
from pipeline.comparison.result import Comparison
from pipeline.regularizers import TECHNIQUES
from pipeline.report.document import (
    Block,
    ChartBlock,
    HeadingBlock,
    ItemsBlock,
    StatementBlock,
    TableBlock,
    TextBlock,
)
from pipeline.statistics.intervals import Difference, verdict
from pipeline.tasks.classification import CLASSIFICATION
from pipeline.text.numbers import between, counted, fixed, listed, p_value, percent, setting, signed

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
        f"{c.data.description}. {c.data.columns} columns, {rows} rows{positive}."
    )
    if not c.data.findings:
        return [description]
    return [description, TextBlock("What to know of the table:"), ItemsBlock(c.data.findings)]


def test_rows(c: Comparison) -> list[Block]:
    """State tuned versus baseline first, then the answers that other sections give at length."""
    blocks: list[Block] = [
        HeadingBlock("The registered networks on the test rows"),
        *test_answer(c),
        *(StatementBlock(*statement) for statement in _further(c)),
        *(tuned_table(c) if c.evaluation else []),
        TextBlock(
            "Log loss is the mean of minus the logarithm of the probability that a network gave to"
            " a row's own class: 0 is perfect, and being sure of the wrong class costs most."
            f" All figures are means over {len(c.seeds)} networks of each kind, trained from the"
            f" same seeds. The {100 * c.confidence:g} % intervals count both rows and seeds as"
            f" samples ({c.resamples} resamples). Detectable is the smallest true difference that"
            " this test"
            " set would show with 80 % probability: no detectable difference does not mean equal."
            " The verdict follows log loss alone; the other metrics describe, each with an interval"
            " of its own."
        ),
        metrics_table(c),
    ]
    if any(not paired.measurable for paired in c.metrics.values()):
        blocks.append(
            TextBlock(
                "not measurable: every resample of these rows gives the same value, so the"
                " bootstrap cannot say how far it can be trusted."
            )
        )
    shown = c.metrics["log_loss"].difference
    pair = c.registered_pair
    blocks += [
        ChartBlock(
            "differences",
            f"Intervals of tuned minus baseline for each metric; log loss {signed(shown.estimate)},"
            f" from {between(shown)}.",
            "Difference of tuned and baseline in each metric, with its interval, drawn so that"
            " better is to the left whether more or less of the metric is better.",
        ),
        TextBlock(
            "The two registered networks, row by row: the tuned one alone is right on"
            f" {counted(pair.only_tuned_right, 'test row')}, the baseline alone on"
            f" {pair.only_baseline_right} (McNemar's exact test, p {p_value(pair.p_value)})."
        ),
    ]
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
    answer, here = c.evaluation.difference.log_loss, c.metrics["log_loss"].difference
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
    rows = []
    for kind in KINDS:
        candidate = getattr(c, kind)
        values = candidate.regularization
        rows.append(
            (
                kind.capitalize(),
                *(setting(getattr(values, technique.name)) for technique in TECHNIQUES),
                fixed(sum(candidate.epochs) / len(candidate.epochs), 1),
                str(candidate.registered_seed),
            )
        )
    titles = (technique.value_title for technique in TECHNIQUES)
    header = ("Kind", *titles, "Epochs, mean", "Registered seed")
    same = "; it is the baseline itself, so both kinds are the same network"
    return [
        TextBlock(
            f"Trial {c.best_trial} of {c.trials} has the lowest cross-validated log loss"
            f"{same if c.best_trial == 0 else ''}."
        ),
        TableBlock("Values and training of both kinds", header, rows),
    ]


def _further(c: Comparison) -> list[tuple[str, str]]:
    """Answer the other questions, each by a sentence and its tone."""
    answers = []
    if c.ablation and c.ablation.comparisons:
        answers.append(_against_none(c.ablation))
        if c.ablation.parts:
            answers.append(_within_mix(c.ablation))
    if c.decomposition and c.tuned.regularization != c.baseline.regularization:
        answers.append(_why(c.decomposition))
    if c.reference:
        answers.append(_published(c.reference))
    return answers


def _against_none(ablation: Ablation) -> tuple[str, str]:
    rows = ablation.rows[1:]
    clauses = []
    helping = [row for row in rows if row.verdict == "helps"]
    if helping:
        best = min(helping, key=lambda row: row.log_loss)
        clauses.append(
            f"{len(helping)} of {len(rows)} variants help against no regularization, most of all"
            f" {_lower(best.title)} ({_change(best.difference)})"
        )
    hurting = [row for row in rows if row.verdict == "hurts"]
    if hurting:
        worst = max(hurting, key=lambda row: row.log_loss)
        clauses.append(
            f"{len(hurting)} of {len(rows)} hurt, most of all {_lower(worst.title)}"
            f" ({_change(worst.difference)})"
        )
    if len(helping) + len(hurting) < len(rows):
        unclear = [row for row in rows if row.verdict == "no detectable difference"]
        clauses.append(
            f"no detectable difference from none for {_count(len(unclear), len(rows), 'variant')}"
            f"{_detectable([row.difference for row in unclear])}"
        )
    tone = "helps" if helping else "hurts" if hurting else "no"
    return f"Which technique: {'; '.join(clauses)}. All corrected for their number.", tone


def _within_mix(ablation: Ablation) -> tuple[str, str]:
    parts = ablation.parts
    clauses = [
        f"{part.title} {part.verdict} within the tuned mix ({_change(part.difference)} by having"
        " it)"
        for part in parts
        if part.verdict != "no detectable difference"
    ]
    unclear = [part for part in parts if part.verdict == "no detectable difference"]
    if unclear:
        names = listed([_lower(part.title) for part in unclear], "or")
        clauses.append(
            f"no detectable difference between the tuned mix and the mix without {names}"
            f"{_detectable([part.difference for part in unclear])}"
        )
    verdicts = [part.verdict for part in parts]
    tone = "helps" if "helps" in verdicts else "hurts" if "hurts" in verdicts else "no"
    return f"Which part of the mix: {'; '.join(clauses)}. All corrected for their number.", tone


def _why(d: Decomposition) -> tuple[str, str]:
    def clause(name: str, change: Difference) -> str:
        effect = {"helps": "lowers", "hurts": "raises"}.get(verdict(change))
        interval = f"{signed(change.estimate, 3)}, {between(change, 3)}"
        if effect:
            return f"{effect} the {name} of its log loss ({interval})"
        return (
            f"makes no detectable difference to the {name} of its log loss ({interval}; a true one"
            f" of {fixed(change.detectable, 3)} would probably have shown)"
        )

    variance, bias = clause("variance", d.variance_difference), clause("bias", d.bias_difference)
    return f"Why: over {d.sets} bootstrap training sets, tuning {variance} and {bias}.", "no"


def _published(r: RepeatedRun) -> tuple[str, str]:
    effect = {"helps": "dropout helps", "hurts": "dropout hurts"}.get(r.verdict, str(r.verdict))
    title = "The reference experiment" if r.published_with is None else "The published single run"
    sentence = (
        f"{title}: over {r.repeats} repetitions, {effect} in accuracy (mean"
        f" {signed(r.difference.estimate, 3)}, {between(r.difference, 3)}; a true difference of"
        f" {fixed(r.difference.detectable, 3)} or more would probably have shown)"
    )
    if r.as_large is not None and r.published_with is not None and r.published_without is not None:
        published = r.published_with - r.published_without
        sentence += (
            f"; {percent(r.as_large, 0)} of the repetitions show a difference as large as the"
            f" published one ({signed(published)}) or larger, one way or the other"
        )
    return f"{sentence}.", r.verdict


def _change(difference: Difference | None) -> str:
    assert difference
    return f"log loss {signed(difference.estimate, 3)}, {between(difference, 3)}"


def _count(some: int, total: int, noun: str) -> str:
    return f"any of {total} {noun}s" if some == total else f"{some} of {total} {noun}s"


def _detectable(differences: Sequence[Difference | None]) -> str:
    """State which differences would have shown, from the easiest comparison to the hardest."""
    # A technique that never acted gives the very same networks: nothing could have shown.
    sizes = sorted(d.detectable for d in differences if d and d.detectable > 0)
    if not sizes:
        return ""
    least, most = fixed(sizes[0], 3), fixed(sizes[-1], 3)
    span = least if least == most else f"{least} to {most}, by comparison,"
    return f", where a true difference of {span} would probably have shown"


def _lower(title: str) -> str:
    return title if title.startswith("L") else title[0].lower() + title[1:]


def metrics_table(c: Comparison) -> TableBlock:
    """Tabulate every metric of both kinds on the test rows."""
    rows = []
    for name, paired in c.metrics.items():
        metric = CLASSIFICATION.metric(name)
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
    return TableBlock(f"Metrics on {c.data.rows['test']} test rows of {c.data.name}", header, rows)
