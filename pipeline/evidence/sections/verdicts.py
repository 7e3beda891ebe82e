"""Section 1: one sentence per question."""

from __future__ import annotations

from pipeline.evidence.ablation import AblationRow
from pipeline.evidence.comparison import METRIC_TITLES, Comparison
from pipeline.evidence.document import Block, Heading, Items, Picture, Statement, Table, Text
from pipeline.evidence.kinds import KIND_TITLES, KINDS
from pipeline.evidence.wording import between, fixed, p_value, percent, setting, signed


def about(c: Comparison) -> list[Block]:
    """What the data is, and what its checks found."""
    positive = f"; the positive class is {c.data.positive}" if c.data.positive else ""
    rows = sum(c.data.rows.values())
    told = Text(f"{c.data.description}. {c.data.columns} columns, {rows} rows{positive}.")
    if not c.data.findings:
        return [told]
    return [told, Text("What to know of the table:"), Items(c.data.findings)]


def verdicts(c: Comparison) -> list[Block]:
    """Tuned versus baseline first, then each question that another section answers at length."""
    blocks: list[Block] = [Heading("The verdict"), Statement(c.sentence, c.verdict)]
    blocks += [Statement(*statement) for statement in _further(c)]
    blocks += [
        Text(
            f"Means over {len(c.seeds)} networks of each kind, trained from the same seeds. The"
            f" {100 * c.confidence:g} % intervals count both rows and seeds as samples"
            f" ({c.resamples} resamples). Detectable is the smallest true difference that this test"
            " set would show with 80 % probability: no detectable difference does not mean equal."
        ),
        _metrics(c),
    ]
    if any(not paired.measurable for paired in c.metrics.values()):
        blocks.append(
            Text(
                "not measurable: every resample of these rows gives the same value, so the"
                " bootstrap cannot say how far it can be trusted."
            )
        )
    shown = c.metrics["log_loss"].difference
    pair = c.registered_pair
    blocks += [
        Picture(
            "differences",
            f"Intervals of tuned minus baseline for each metric; log loss {signed(shown.estimate)},"
            f" from {between(shown)}.",
            "Difference in each metric with its interval, turned so that right is better. Blue:"
            " the interval excludes zero.",
        ),
        Text(
            "The two registered networks, row by row: the tuned one alone is right on"
            f" {pair.only_tuned_right} test rows, the baseline alone on {pair.only_baseline_right}"
            f" (McNemar's exact test, p {p_value(pair.p_value)})."
        ),
    ]
    return blocks


def tuned_table(c: Comparison) -> list[Block]:
    """The values of both kinds."""
    rows = []
    for kind in KINDS:
        one = getattr(c, kind)
        tuned = one.regularization
        rows.append(
            (
                KIND_TITLES[kind].capitalize(),
                *map(setting, (tuned.dropout, tuned.l1, tuned.l2, tuned.patience)),
                fixed(sum(one.epochs) / len(one.epochs), 1),
                str(one.registered_seed),
            )
        )
    header = ("Kind", "Dropout rate", "L1", "L2", "Patience", "Epochs, mean", "Registered seed")
    same = "; it is the baseline itself, so both kinds are the same network"
    return [
        Text(
            f"Trial {c.best_trial} of {c.trials} has the lowest cross-validated log loss"
            f"{same if c.best_trial == 0 else ''}."
        ),
        Table("Values and training of both kinds", header, rows),
    ]


def _further(c: Comparison) -> list[tuple[str, str]]:
    """(sentence, tone) of the other questions."""
    found = []
    if c.ablation and c.ablation.comparisons:
        rows = c.ablation.rows[1:]
        helping = [row for row in rows if row.verdict == "helps"]
        hurting = [row for row in rows if row.verdict == "hurts"]
        told = []
        if helping:
            best = min(helping, key=lambda row: row.log_loss)
            told.append(
                f"{len(helping)} of {len(rows)} variants help against no regularization at all,"
                f" most of all {_lower(best.title)} ({_change(best)})"
            )
        if hurting:
            worst = max(hurting, key=lambda row: row.log_loss)
            told.append(
                f"{len(hurting)} hurt, most of all {_lower(worst.title)} ({_change(worst)})"
            )
        if not told:
            told.append(
                f"No detectable difference between no regularization and any of {len(rows)}"
                " variants, corrected for their number"
            )
        tone = "helps" if helping else "hurts" if hurting else "no"
        found.append((f"Which technique: {'; '.join(told)}.", tone))
    if c.decomposition:
        variance, bias = c.decomposition.variance_difference, c.decomposition.bias_difference
        found.append(
            (
                f"Why: over {c.decomposition.sets} bootstrap training sets the tuned regularization"
                f" changes the variance of log loss by {signed(variance.estimate, 3)}"
                f" ({between(variance, 3)}) and its bias by {signed(bias.estimate, 3)}"
                f" ({between(bias, 3)}).",
                "no",
            )
        )
    if c.reference and c.reference.as_large is not None:
        found.append(
            (
                "The published single run: of"
                f" {c.reference.repeats} repetitions, {percent(c.reference.as_large, 0)} differ by"
                " at least as much in one direction or the other, and dropout does worse in"
                f" {percent(c.reference.worse, 0)} and better in"
                f" {percent(c.reference.better, 0)}.",
                "no",
            )
        )
    return found


def _change(row: AblationRow) -> str:
    difference = row.difference
    assert difference
    return f"log loss {signed(difference.estimate, 3)}, {between(difference, 3)}"


def _lower(title: str) -> str:
    return title if title.startswith("L") else title[0].lower() + title[1:]


def _metrics(c: Comparison) -> Table:
    rows = []
    for name, paired in c.metrics.items():
        text, more = METRIC_TITLES[name]
        sure = paired.measurable
        rows.append(
            (
                f"{text} ({'more' if more else 'less'} is better)",
                fixed(paired.tuned.estimate),
                fixed(paired.baseline.estimate),
                signed(paired.difference.estimate),
                between(paired.difference) if sure else "not measurable",
                fixed(paired.detectable) if sure else "not measurable",
            )
        )
    header = ("Metric", "Tuned", "Baseline", "Difference", "Interval", "Detectable")
    return Table(f"Metrics on {c.data.rows['test']} test rows of {c.data.name}", header, rows)
